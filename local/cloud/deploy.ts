/** Deploys a stack of a CDK cloud assembly to the embedded AWS through its API: no CDK CLI, no bootstrap. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  type Stack,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { S3Client } from '@aws-sdk/client-s3';
import type { Log } from '../../functions/shared/log.ts';
import { readAssembly } from './assembly.ts';
import { cloudClient } from './clients.ts';
import { uploadAssets } from './upload-assets.ts';

export interface DeployOptions {
  /** URL of the embedded AWS. */
  readonly endpoint: string;
  /** The folder that synthesis wrote. */
  readonly assemblyDir: string;
  readonly stackName: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly log: Log;
}

/** The stack could not be deployed; the message says which resource and why. */
export class DeployError extends Error {
  override readonly name = 'DeployError';
}

const POLL_INTERVAL_MS = 100;
const PATIENCE_MS = 300_000;
/** A first deploy that failed leaves a stack which can only be deleted. */
const NEVER_CREATED = new Set(['ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'CREATE_FAILED', 'DELETE_FAILED']);

/**
 * Creates or updates; a stack that is up to date is left alone.
 * @returns the stack's outputs
 * @throws DeployError
 */
export async function deployStack(options: DeployOptions): Promise<Record<string, string>> {
  const { endpoint, assemblyDir, stackName, log } = options;
  const assembly = await readAssembly(assemblyDir, stackName);
  const s3 = new S3Client(cloudClient(endpoint));
  const cloudFormation = new CloudFormationClient(cloudClient(endpoint));
  try {
    const uploaded = await uploadAssets(s3, assembly.files);
    const { bucket, key } = assembly.templateFile;
    const started = new Date();
    const action = await startDeploy(cloudFormation, options, `${endpoint}/${bucket}/${key}`);
    const stack = await waitForStack(cloudFormation, stackName);
    if (action !== 'unchanged' && stack?.StackStatus !== `${action}_COMPLETE`) {
      throw new DeployError(await explain(cloudFormation, stackName, stack, started));
    }
    log.info('the stack is deployed', { stack: stackName, action: action.toLowerCase(), uploaded });
    return Object.fromEntries(
      (stack?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
    );
  } finally {
    s3.destroy();
    cloudFormation.destroy();
  }
}

async function startDeploy(
  client: CloudFormationClient,
  { stackName, parameters = {} }: DeployOptions,
  templateUrl: string,
): Promise<'CREATE' | 'UPDATE' | 'unchanged'> {
  const input = {
    StackName: stackName,
    TemplateURL: templateUrl,
    Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({
      ParameterKey,
      ParameterValue,
    })),
    Capabilities: ['CAPABILITY_IAM' as const, 'CAPABILITY_NAMED_IAM' as const],
  };
  const before = await waitForStack(client, stackName);
  const leftover = before !== undefined && NEVER_CREATED.has(before.StackStatus ?? '');
  if (leftover) {
    await client.send(new DeleteStackCommand({ StackName: stackName }));
    await waitForStack(client, stackName);
  }
  try {
    if (before === undefined || leftover) {
      await client.send(new CreateStackCommand(input));
      return 'CREATE';
    }
    await client.send(new UpdateStackCommand(input));
    return 'UPDATE';
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    if (message.includes('No updates are to be performed')) return 'unchanged';
    throw new DeployError(`The stack ${stackName} was refused: ${message}`, { cause });
  }
}

/** @returns the stack once nothing is under way, or undefined where there is none */
async function waitForStack(client: CloudFormationClient, stackName: string): Promise<Stack | undefined> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const stack = await describe(client, stackName);
    if (!stack?.StackStatus?.endsWith('_IN_PROGRESS')) {
      return stack?.StackStatus === 'DELETE_COMPLETE' ? undefined : stack;
    }
    if (Date.now() > deadline) {
      throw new DeployError(
        `The stack ${stackName} is still at ${stack.StackStatus} after ${PATIENCE_MS / 1000} seconds.`,
      );
    }
    await delay(POLL_INTERVAL_MS);
  }
}

async function describe(client: CloudFormationClient, stackName: string): Promise<Stack | undefined> {
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stackName }));
    return Stacks?.[0];
  } catch (error) {
    if (error instanceof Error && error.message.includes('does not exist')) return undefined;
    throw error;
  }
}

/** In words of the first resource that failed: the rest were cancelled or rolled back because of it. */
async function explain(
  client: CloudFormationClient,
  stackName: string,
  stack: Stack | undefined,
  since: Date,
): Promise<string> {
  const intro = `The stack ${stackName} could not be deployed (${stack?.StackStatus ?? 'it is gone'})`;
  const { StackEvents = [] } = await client.send(
    new DescribeStackEventsCommand({ StackName: stack?.StackId ?? stackName }),
  );
  const [first] = StackEvents.filter(
    ({ ResourceStatus = '', ResourceStatusReason = '', Timestamp, ResourceType }) =>
      ResourceStatus.endsWith('_FAILED') &&
      ResourceType !== 'AWS::CloudFormation::Stack' &&
      !/cancelled/i.test(ResourceStatusReason) &&
      // The service's clock cuts off at whole seconds.
      (Timestamp?.getTime() ?? 0) >= since.getTime() - 1000,
  ).reverse();
  if (!first) return `${intro}: ${stack?.StackStatusReason ?? 'no reason was given'}`;
  return `${intro}: ${first.LogicalResourceId} (${first.ResourceType}): ${first.ResourceStatusReason}`;
}
