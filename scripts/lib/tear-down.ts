/**
 * Takes a stage down so that nothing of it stays: files, stack, pointer, layers. Each part may be gone
 * already, so an interrupted tear-down is simply run again.
 */
import {
  CloudFormationClient,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  UpdateTerminationProtectionCommand,
  waitUntilStackDeleteComplete,
} from '@aws-sdk/client-cloudformation';
import { DeleteLayerVersionCommand, LambdaClient, paginateListLayerVersions } from '@aws-sdk/client-lambda';
import { DeleteObjectsCommand, NoSuchBucket, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { DeleteParameterCommand, ParameterNotFound, SSMClient } from '@aws-sdk/client-ssm';
import { layerNameOf, layerParameterOf, stackNameOf } from '../../infra/names.ts';
import { OperatorError } from './arguments.ts';

export interface TearDownOptions {
  readonly stage: string;
  readonly clients: TearDownClients;
  readonly say: (line: string) => void;
}

export interface TearDownClients {
  readonly cloudFormation: CloudFormationClient;
  readonly s3: S3Client;
  readonly lambda: LambdaClient;
  readonly ssm: SSMClient;
}

/** Lambda gives a network's interfaces back in its own time: 20 to 40 minutes are usual. */
const LONGEST_DELETION_SECONDS = 3_600;
/** A function that still runs may write a file into a bucket that was just emptied. */
const ATTEMPTS = 3;

export function createTearDownClients(region: string): TearDownClients {
  return {
    cloudFormation: new CloudFormationClient({ region }),
    s3: new S3Client({ region }),
    lambda: new LambdaClient({ region }),
    ssm: new SSMClient({ region }),
  };
}

/** @throws OperatorError where CloudFormation could not delete the stack, with its reason */
export async function tearDown({ stage, clients, say }: TearDownOptions): Promise<void> {
  await deleteStack(stage, clients, say);
  say(`pointer ${layerParameterOf(stage)}`);
  await deletePointer(clients.ssm, layerParameterOf(stage));
  say(`layer ${layerNameOf(stage)}: ${await deleteLayers(clients.lambda, layerNameOf(stage))} versions`);
}

async function deleteStack(
  stage: string,
  clients: TearDownClients,
  say: TearDownOptions['say'],
): Promise<void> {
  const { cloudFormation } = clients;
  const StackName = stackNameOf(stage);
  const stack = await describeStack(cloudFormation, StackName);
  if (!stack?.StackId) return say(`stack ${StackName}: is not there`);
  const buckets = ['FilesBucketName', 'PackagesBucketName'].flatMap(
    (name) => stack.Outputs?.find(({ OutputKey }) => OutputKey === name)?.OutputValue ?? [],
  );
  await cloudFormation.send(
    new UpdateTerminationProtectionCommand({ StackName, EnableTerminationProtection: false }),
  );
  for (let attempt = 1; ; attempt++) {
    for (const bucket of buckets) say(`bucket ${bucket}: ${await emptyBucket(clients.s3, bucket)} objects`);
    say(`stack ${StackName}: deleting; its network takes 20 to 40 minutes to go`);
    await cloudFormation.send(new DeleteStackCommand({ StackName }));
    if (await isDeleted(cloudFormation, stack.StackId)) return;
    const reason = await failureOf(cloudFormation, stack.StackId);
    if (attempt === ATTEMPTS || !/not empty/i.test(reason)) {
      throw new OperatorError(
        `CloudFormation could not delete ${StackName}: ${reason}. Run this again once that is mended.`,
      );
    }
  }
}

async function describeStack(client: CloudFormationClient, StackName: string) {
  try {
    return (await client.send(new DescribeStacksCommand({ StackName }))).Stacks?.[0];
  } catch (error) {
    if (error instanceof Error && /does not exist/.test(error.message)) return undefined;
    throw error;
  }
}

/** @returns how many objects there were */
async function emptyBucket(client: S3Client, Bucket: string): Promise<number> {
  let removed = 0;
  try {
    // A page has at most 1,000 keys, as many as one request may delete.
    for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket })) {
      const Objects = Contents.map(({ Key }) => ({ Key }));
      if (!Objects.length) continue;
      const { Errors = [] } = await client.send(
        new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
      );
      const [first] = Errors;
      if (first) throw new OperatorError(`${first.Key} in ${Bucket} could not be deleted: ${first.Message}`);
      removed += Objects.length;
    }
  } catch (error) {
    if (!(error instanceof NoSuchBucket)) throw error;
  }
  return removed;
}

async function isDeleted(client: CloudFormationClient, StackName: string): Promise<boolean> {
  try {
    await waitUntilStackDeleteComplete({ client, maxWaitTime: LONGEST_DELETION_SECONDS }, { StackName });
    return true;
  } catch (error) {
    const status = (await describeStack(client, StackName))?.StackStatus;
    if (status === 'DELETE_FAILED') return false;
    if (status === undefined || status === 'DELETE_COMPLETE') return true;
    throw error;
  }
}

/** The first resource that stood in the way. */
async function failureOf(client: CloudFormationClient, StackName: string): Promise<string> {
  const { StackEvents = [] } = await client.send(new DescribeStackEventsCommand({ StackName }));
  const failed = StackEvents.find(({ ResourceStatus }) => ResourceStatus === 'DELETE_FAILED');
  return failed ? `${failed.LogicalResourceId}: ${failed.ResourceStatusReason}` : 'it gave no reason';
}

async function deletePointer(client: SSMClient, Name: string): Promise<void> {
  try {
    await client.send(new DeleteParameterCommand({ Name }));
  } catch (error) {
    if (!(error instanceof ParameterNotFound)) throw error;
  }
}

/** @returns how many versions there were */
async function deleteLayers(client: LambdaClient, LayerName: string): Promise<number> {
  const versions: (number | undefined)[] = [];
  for await (const { LayerVersions = [] } of paginateListLayerVersions({ client }, { LayerName })) {
    versions.push(...LayerVersions.map(({ Version }) => Version));
  }
  for (const VersionNumber of versions) {
    await client.send(new DeleteLayerVersionCommand({ LayerName, VersionNumber }));
  }
  return versions.length;
}
