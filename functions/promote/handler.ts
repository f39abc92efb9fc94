/** Lambda entry point: started by a finished manifest's arrival in S3, and by `npm run rebuild` and `rollback`. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import { systemClock } from '../shared/clock.ts';
import { required } from '../shared/environment.ts';
import { readLimits } from '../shared/limits.ts';
import { createLog } from '../shared/log.ts';
import { createAdapters } from './adapters.ts';
import { type PromotePorts, type Promotion, PromotionError, promote, rollBack } from './app.ts';
import { type CanaryPorts, tryEnvironment, tryExecutor } from './canary.ts';
import { parsePromoteEvent } from './event.ts';

const log = createLog({ function: 'promote' });
const adapters = createAdapters({
  s3: new S3Client({ forcePathStyle: process.env.SLASHBOX_S3_PATH_STYLE === 'true' }),
  lambda: new LambdaClient({}),
  ssm: new SSMClient({}),
  cloudFormation: new CloudFormationClient({}),
  bucket: required('SLASHBOX_PACKAGES_BUCKET'),
  layerName: required('SLASHBOX_LAYER_NAME'),
  pointer: required('SLASHBOX_ENVIRONMENT_PARAMETER'),
  stackName: required('SLASHBOX_STACK'),
  functions: { candidate: required('SLASHBOX_CANDIDATE'), executor: required('SLASHBOX_EXECUTOR') },
  platform: {
    python: required('SLASHBOX_PYTHON'),
    architecture: required('SLASHBOX_ARCHITECTURE') === 'arm64' ? 'aarch64' : 'x86_64',
  },
});
const canary: CanaryPorts = {
  runCode: adapters.runCode,
  readCase: (name) => readFile(join(required('LAMBDA_TASK_ROOT'), 'smoke', `${name}.py`), 'utf8'),
  limits: readLimits(process.env),
  system: process.platform,
  log,
};
const ports: PromotePorts = {
  ...adapters,
  tryEnvironment: (manifest) => tryEnvironment(manifest, canary),
  tryExecutor: () => tryExecutor(canary),
  wantsEverything: required('SLASHBOX_ENVIRONMENT_CONTENT') === 'all',
  clock: systemClock,
  log,
};

/** Throws where an environment was refused, so that the function's alarm sees it. */
export async function handler(event: unknown): Promise<Promotion> {
  const order = parsePromoteEvent(event);
  const promotion =
    'rollBack' in order ? await rollBack(order.to, ports) : await promote(order.environment, order, ports);
  if (promotion.outcome !== 'refused') return promotion;
  throw new PromotionError(
    `the environment ${promotion.environment} was refused: ${promotion.reasons?.join('; ').slice(0, 4_000)}`,
  );
}
