/** AWS as a deploy sees it: whose account this is, what it has already, and where an environment goes. */
import { join } from 'node:path';
import { GetLayerVersionByArnCommand, LambdaClient, ResourceNotFoundException } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { GetParameterCommand, ParameterNotFound, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { StageConfig } from '../../../infra/config.ts';
import { layerNameOf, layerParameterOf } from '../../../infra/names.ts';
import { OperatorError } from '../arguments.ts';
import { bundlesOf, publishSeedLayer, readEnvironmentManifest, uploadBundles } from '../seed-environment.ts';
import type { CloudPort } from './deploy-stage.ts';

/** What `cdk bootstrap` leaves behind (docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html). */
const BOOTSTRAP_PARAMETER = '/cdk-bootstrap/hnb659fds/version';
const bootstrapBucketOf = (account: string, region: string) => `cdk-hnb659fds-assets-${account}-${region}`;

export function createCloud({ stage, region, account: wanted }: StageConfig): CloudPort {
  const s3 = new S3Client({ region });
  const lambda = new LambdaClient({ region });
  const ssm = new SSMClient({ region });
  const sts = new STSClient({ region });

  const account = async (): Promise<string> => {
    const { Account = '' } = await sts.send(new GetCallerIdentityCommand({}));
    if (wanted === undefined || wanted === Account) return Account;
    throw new OperatorError(
      `these AWS credentials belong to account ${Account}, but infra/stages/${stage}.json is for ${wanted}. Use that account's credentials (AWS_PROFILE), or change "account".`,
    );
  };

  return {
    account,

    isBootstrapped: async () => (await readParameter(ssm, BOOTSTRAP_PARAMETER)) !== undefined,

    async layerInForce() {
      const layerArn = await readParameter(ssm, layerParameterOf(stage));
      if (layerArn === undefined) return undefined;
      try {
        const version = await lambda.send(new GetLayerVersionByArnCommand({ Arn: layerArn }));
        return {
          layerArn,
          description: version.Description ?? '',
          runtimes: version.CompatibleRuntimes ?? [],
          architectures: version.CompatibleArchitectures ?? [],
        };
      } catch (error) {
        if (!(error instanceof ResourceNotFoundException)) throw error;
        // A layer that somebody deleted serves no Python at all, so it is replaced.
        return { layerArn, description: '', runtimes: [], architectures: [] };
      }
    },

    async publishLayer(environment, replace) {
      const { layerArn } = await publishSeedLayer({
        s3,
        lambda,
        ssm,
        bucket: bootstrapBucketOf(await account(), region),
        layerName: layerNameOf(stage),
        parameterName: layerParameterOf(stage),
        layerZip: join(environment.folder, 'layer.zip'),
        manifest: await readEnvironmentManifest(environment.folder),
        force: replace,
      });
      return layerArn;
    },

    uploadBundles: async (environment, bucket) =>
      uploadBundles({
        s3,
        bucket,
        environment: environment.id,
        bundles: bundlesOf(await readEnvironmentManifest(environment.folder)),
        bundlesDir: join(environment.folder, 'bundles'),
      }),
  };
}

async function readParameter(ssm: SSMClient, Name: string): Promise<string | undefined> {
  try {
    return (await ssm.send(new GetParameterCommand({ Name }))).Parameter?.Value;
  } catch (error) {
    if (error instanceof ParameterNotFound) return undefined;
    throw error;
  }
}
