/**
 * What one stage of Slashbox is deployed with: typed, checked, and refused in words where it cannot work.
 * A stage is a file `infra/stages/NAME.json`; `example.json` shows every key (docs/operations.md).
 */
import { z } from 'zod';
import { LIMIT_RULES, type Limits, readLimits } from '../functions/shared/limits.ts';
import { clocksOf } from './clocks.ts';
import { S3_PREFIX_LISTS } from './s3-prefix-lists.ts';

export const ARCHITECTURES = ['arm64', 'x86_64'] as const;
export const PYTHON_VERSIONS = ['3.11', '3.12', '3.13'] as const;

export interface StageConfig {
  /** Names the stack and everything in it: `slashbox-NAME`. */
  readonly stage: string;
  readonly region: string;
  /** Where it is set, `npm run deploy` refuses credentials of any other account. */
  readonly account?: string | undefined;
  readonly discord: {
    /** Digits, from the developer portal. */
    readonly applicationId: string;
    /** Ed25519, 64 lower-case hex digits, from the developer portal. */
    readonly publicKey: string;
  };
  readonly limits: Limits;
  readonly architecture: (typeof ARCHITECTURES)[number];
  /** Of the executor and the rebuild; the layer must have been built for it. */
  readonly python: (typeof PYTHON_VERSIONS)[number];
  readonly executor: ExecutorConfig;
  /** Gets the alarms; has to be confirmed once from a mail that AWS sends. */
  readonly alarmEmail?: string | undefined;
  /** US dollars a month for the whole account; needs {@link alarmEmail}. */
  readonly monthlyBudgetDollars?: number | undefined;
  /** Two zones for the executor's subnets; the region's first two where it is not set. */
  readonly availabilityZones?: readonly string[] | undefined;
  /** The region's prefix list of S3, where {@link S3_PREFIX_LISTS} does not know it. */
  readonly s3PrefixListId?: string | undefined;
  /** Only for the system that `npm start` runs; a stage file cannot set it. */
  readonly local?: LocalConfig | undefined;
}

export interface ExecutorConfig {
  readonly memoryMegabytes: number;
  /** Size of `/tmp`. */
  readonly storageMegabytes: number;
  /** Runs at a time, over all users; unset for the account's own bound, as new accounts cannot reserve. */
  readonly reservedConcurrency?: number | undefined;
}

/** What differs in the embedded AWS; known only when it has started. */
export interface LocalConfig {
  /** Where functions find the embedded AWS, e.g. `http://127.0.0.1:4566`, held to their roles. */
  readonly endpoint: string;
  /** Stands for the VPC endpoint of S3: bundles are read from it, path style. */
  readonly vpcEndpoint: string;
  /** An existing bucket for the functions' code. */
  readonly assetBucket: string;
  /** Who builds packages that a run is the first to need; nobody where not set. */
  readonly firstUseEndpoint?: string | undefined;
  /** The program that resolves and fetches packages; in AWS the rebuild has it in a layer. */
  readonly uv: string;
  readonly discordApiBase?: string | undefined;
  readonly discordCdnHosts?: readonly string[] | undefined;
}

/** A stage that cannot be deployed as it is written; the message is for the operator, a line a mistake. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** What a run cannot have of the executor's memory: the runtime, the executor and its warm processes. */
const EXECUTOR_OWN_MEGABYTES = 512;
/** What packages may take in `/tmp` beside a run's inputs and what it writes. */
const PACKAGES_MEGABYTES = 1_024;
/** The stage of `npm start`, whose data and names are its own. */
export const LOCAL_STAGE = 'local';

const wholeNumber = (min: number, max: number) => {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
};

const text = (pattern: RegExp, wanted: string) =>
  z.string({ error: `must be ${wanted}` }).regex(pattern, { error: `must be ${wanted}` });

const limitNames = Object.keys(LIMIT_RULES) as (keyof Limits)[];

const StageFileSchema = z.strictObject({
  region: text(/^[a-z]{2}(-[a-z]+)+-\d$/, 'an AWS region such as eu-central-1'),
  account: text(/^\d{12}$/, 'an AWS account id: 12 digits, in quotes').optional(),
  discord: z.strictObject(
    {
      applicationId: text(/^\d{17,20}$/, "the application's id: 17 to 20 digits, in quotes"),
      publicKey: text(/^[0-9a-f]{64}$/i, "the application's public key: 64 hex digits").toLowerCase(),
    },
    { error: 'must be an object with applicationId and publicKey, from https://discord.com/developers' },
  ),
  limits: z
    .strictObject(
      Object.fromEntries(
        limitNames.map((name) => [
          name,
          wholeNumber(LIMIT_RULES[name].min, LIMIT_RULES[name].max).optional(),
        ]),
      ),
      { error: 'must be an object such as {"maxFiles": 20}' },
    )
    .optional(),
  architecture: z
    .enum(ARCHITECTURES, { error: `must be one of ${ARCHITECTURES.join(', ')}` })
    .default('arm64'),
  python: z.enum(PYTHON_VERSIONS, { error: `must be one of ${PYTHON_VERSIONS.join(', ')}` }).default('3.13'),
  executor: z
    .strictObject(
      {
        memoryMegabytes: wholeNumber(1_024, 10_240).default(3_008),
        storageMegabytes: wholeNumber(2_048, 10_240).default(4_096),
        reservedConcurrency: wholeNumber(1, 10_000).optional(),
      },
      { error: 'must be an object such as {"memoryMegabytes": 3008}' },
    )
    .prefault({}),
  alarmEmail: z.email({ error: 'must be an e-mail address' }).optional(),
  monthlyBudgetDollars: wholeNumber(1, 1_000_000).optional(),
  availabilityZones: z
    .array(text(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, 'zones such as eu-central-1a'))
    .length(2, { error: 'must name two zones' })
    .optional(),
  s3PrefixListId: text(/^pl-[0-9a-f]{8,17}$/, 'a prefix list id such as pl-0123abcd').optional(),
});

/**
 * Checks what a stage file says and fills in defaults.
 * @param source named in messages, e.g. `infra/stages/prod.json`
 * @throws ConfigError with a line for each mistake
 */
export function parseStage(stage: string, content: unknown, source: string): StageConfig {
  const mistakes = stageNameMistakes(stage);
  if (mistakes.length) throw new ConfigError(mistakes.join('\n'));
  const parsed = StageFileSchema.safeParse(content);
  if (!parsed.success) throw new ConfigError(parsed.error.issues.flatMap(describe(source)).join('\n'));
  const { limits = {}, ...rest } = parsed.data;
  const config: StageConfig = { ...rest, stage, limits: { ...readLimits({}), ...limits } };
  checkStage(config, source);
  return config;
}

/**
 * Checks that the parts of a stage fit each other: clocks, memory, disk, region.
 * @throws ConfigError
 */
export function checkStage(config: StageConfig, source = 'settings'): void {
  const { limits, executor } = config;
  const needs = executorNeedsOf(limits);
  const mistakes = [
    ...clocksOf(limits).mistakes,
    needs.memoryMegabytes > executor.memoryMegabytes &&
      `limits.memoryMegabytes is ${limits.memoryMegabytes}, but the executor has ${executor.memoryMegabytes} MB and needs ${EXECUTOR_OWN_MEGABYTES} of them itself. Lower the limit or raise executor.memoryMegabytes.`,
    !config.local &&
      needs.storageMegabytes > executor.storageMegabytes &&
      `a run may need ${needs.storageMegabytes} MB of disk (limits.diskMegabytes ${limits.diskMegabytes}, ${limits.inputFiles} files of limits.maxFileBytes, ${PACKAGES_MEGABYTES} for packages), but executor.storageMegabytes is ${executor.storageMegabytes}. Lower the limits or raise it.`,
    config.monthlyBudgetDollars !== undefined &&
      !config.alarmEmail &&
      'monthlyBudgetDollars is set, but nobody would hear of it. Set alarmEmail too, or remove it.',
    !config.local &&
      !s3PrefixListOf(config) &&
      `the id of S3's prefix list in ${config.region} is not known here. Ask AWS for it (aws ec2 describe-managed-prefix-lists --region ${config.region} --filters Name=prefix-list-name,Values=com.amazonaws.${config.region}.s3) and set s3PrefixListId.`,
    config.availabilityZones?.some((zone) => !config.local && !zone.startsWith(config.region)) &&
      `availabilityZones must lie in ${config.region}.`,
  ].filter((mistake) => typeof mistake === 'string');
  if (mistakes.length) throw new ConfigError(mistakes.map((mistake) => `${source}: ${mistake}`).join('\n'));
}

/** The prefix list that holds S3's addresses in the stage's region. */
export const s3PrefixListOf = ({ s3PrefixListId, region }: StageConfig): string | undefined =>
  s3PrefixListId ?? S3_PREFIX_LISTS[region];

/** The least that an executor has to have: memory for a run and itself; `/tmp` for a run, its inputs and packages. */
export function executorNeedsOf({
  memoryMegabytes,
  diskMegabytes,
  maxFileBytes,
  inputFiles,
}: Limits): Pick<ExecutorConfig, 'memoryMegabytes' | 'storageMegabytes'> {
  const inputs = Math.ceil((inputFiles * maxFileBytes) / 2 ** 20);
  return {
    memoryMegabytes: memoryMegabytes + EXECUTOR_OWN_MEGABYTES,
    storageMegabytes: diskMegabytes + inputs + PACKAGES_MEGABYTES,
  };
}

function stageNameMistakes(stage: string): string[] {
  if (stage === LOCAL_STAGE) return ['"local" is the system that npm start runs. Choose another stage name.'];
  if (/^[a-z][a-z0-9-]{0,19}$/.test(stage)) return [];
  return [
    `"${stage}" cannot name a stage: use up to 20 lower-case letters, digits and hyphens, a letter first.`,
  ];
}

const describe =
  (source: string) =>
  (issue: z.core.$ZodIssue): string[] => {
    const at = issue.path.join('.');
    if (issue.code !== 'unrecognized_keys') return [`${source}: ${at ? `${at} ` : ''}${issue.message}.`];
    return issue.keys.map(
      (key) =>
        `${source}: there is no setting "${[...issue.path, key].join('.')}". infra/stages/example.json shows all of them.`,
    );
  };
