/** The deployment that an operator's command means: a stage in AWS, or the local system that runs now. */
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import { LOCAL_STAGE } from '../../infra/config.ts';
import { stackNameOf } from '../../infra/names.ts';
import { readStage } from '../../infra/stage-file.ts';
import { cloudClient } from '../../local/cloud/clients.ts';
import { readRunning } from '../../local/running.ts';
import { readSettings } from '../../local/settings.ts';
import { OperatorError } from './arguments.ts';

export interface Target {
  /** For messages: `stage "prod"`, `the local system`. */
  readonly name: string;
  readonly stage: string;
  /** The stack's outputs. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly lambda: LambdaClient;
  readonly s3: S3Client;
  readonly ssm: SSMClient;
}

/**
 * @param stage as given by `--stage`; undefined for the local system
 * @throws OperatorError where there is no such deployment
 */
export async function findTarget(stage: string | undefined): Promise<Target> {
  return stage === undefined ? findLocal() : findStage(stage);
}

async function findLocal(): Promise<Target> {
  const { home } = readSettings(process.env, process.cwd());
  const system = await readRunning(home);
  if (!system) {
    throw new OperatorError(
      `no local system is running in ${home}. Start one with "npm start", or name a stage: -- --stage NAME`,
    );
  }
  const client = cloudClient(system.cloudEndpoint);
  return {
    name: 'the local system',
    stage: LOCAL_STAGE,
    outputs: system.outputs,
    lambda: new LambdaClient(client),
    s3: new S3Client(client),
    ssm: new SSMClient(client),
  };
}

async function findStage(stage: string): Promise<Target> {
  const StackName = stackNameOf(stage);
  const { region } = readStage(stage);
  try {
    const { Stacks } = await new CloudFormationClient({ region }).send(
      new DescribeStacksCommand({ StackName }),
    );
    const outputs = Object.fromEntries(
      (Stacks?.[0]?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
    );
    return {
      name: `stage "${stage}"`,
      stage,
      outputs,
      lambda: new LambdaClient({ region }),
      s3: new S3Client({ region }),
      ssm: new SSMClient({ region }),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OperatorError(
      `the stack ${StackName} could not be read: ${reason}. Deploy it with "npm run deploy -- --stage ${stage}", and check AWS credentials and region.`,
    );
  }
}
