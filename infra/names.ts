/** Names that the stack and the commands around it both need to know. */

export const stackNameOf = (stage: string): string => `slashbox-${stage}`;

/** SSM: the ARN of the layer in force. Written by the deploy command and promotions, read by the template. */
export const layerParameterOf = (stage: string): string => `/slashbox/${stage}/environment/layer-arn`;

/** SSM SecureString: the bot's token, for those who do not keep it in their environment. */
export const botTokenParameterOf = (stage: string): string => `/slashbox/${stage}/discord/bot-token`;

/** The layer's name, of which every environment is a version. */
export const layerNameOf = (stage: string): string => `slashbox-${stage}-environment`;

/** Folders of `dist/functions`, made by scripts/bundle.ts. */
export const FUNCTIONS = [
  'interactions',
  'worker',
  'failures',
  'cleanup',
  'executor',
  'rebuild',
  'promote',
] as const;
export type BundleName = (typeof FUNCTIONS)[number];
/** The candidate has the executor's code. */
export type FunctionName = BundleName | 'candidate';

export const functionNameOf = (stage: string, name: FunctionName): string => `slashbox-${stage}-${name}`;

/** Folder of the executor's code for Lambda, with what its Python lacks, made by scripts/lib/zstd-code.ts. */
export const executorCodeOf = <Machine extends 'arm64' | 'x86_64'>(architecture: Machine) =>
  `executor-${architecture}` as const;
export type ExecutorCode = ReturnType<typeof executorCodeOf>;

/** Folder beside the functions' bundles with uv for the rebuild, made by scripts/lib/uv-layer.ts. */
export const uvLayerOf = (architecture: 'arm64' | 'x86_64'): string => `uv-${architecture}`;

/** Keys of the stack's outputs, as `--outputs-file` and DescribeStacks show them. */
export const OUTPUTS = [
  'InteractionsUrl',
  'HttpApiId',
  'TableName',
  'FilesBucketName',
  'PackagesBucketName',
  'ExecutorFunctionName',
  'WorkerFunctionName',
  'CleanupFunctionName',
  'RebuildFunctionName',
  'PromoteFunctionName',
] as const;
export type OutputName = (typeof OUTPUTS)[number];
