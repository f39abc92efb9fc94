/**
 * Turns a stage's configuration into a cloud assembly: the template and the functions' code, ready for the
 * CDK CLI or for any other deployer. Reads ready-made bundles, so it takes seconds and needs no network.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App, CliCredentialsStackSynthesizer } from 'aws-cdk-lib';
import { checkStage, type StageConfig } from './config.ts';
import { executorCodeOf, FUNCTIONS, stackNameOf, uvLayerOf } from './names.ts';
import { SlashboxStack } from './slashbox-stack.ts';

export interface SynthesisOptions {
  /** Folder of the functions' bundles. @default dist/functions of this project */
  readonly functionsDir?: string;
}

const projectDir = dirname(dirname(fileURLToPath(import.meta.url)));
/** Where scripts/bundle.ts puts the functions, unless told otherwise. */
const BUNDLES = join(projectDir, 'dist', 'functions');

/**
 * @param outDir folder of the assembly; what it holds is replaced
 * @returns path of the assembly. Its one stack is named by {@link stackNameOf}
 * @throws ConfigError where the stage's parts do not fit each other; Error where a bundle is missing
 */
export function synthesise(config: StageConfig, outDir: string, options: SynthesisOptions = {}): string {
  return createApp(config, outDir, options).app.synth().directory;
}

/** The same without writing anything yet, for whoever looks at constructs. */
export function createApp(
  config: StageConfig,
  outDir: string,
  { functionsDir = BUNDLES }: SynthesisOptions = {},
): { readonly app: App; readonly stack: SlashboxStack } {
  checkStage(config);
  const { architecture } = config;
  const inAws = [uvLayerOf(architecture), executorCodeOf(architecture)];
  const needed = [...FUNCTIONS, ...(config.local ? [] : inAws)];
  const missing = needed.filter((name) => !existsSync(join(functionsDir, name)));
  if (missing.length) {
    throw new Error(
      `There is no bundle of ${missing.join(', ')} in ${functionsDir}. Make them with: node --import tsx scripts/bundle.ts`,
    );
  }
  // cdk.json's flags count for every deployer, not for the CLI alone.
  const app = new App({
    outdir: outDir,
    context: featureFlags(),
    analyticsReporting: false,
    treeMetadata: false,
  });
  const { local, region, stage } = config;
  const stack = new SlashboxStack(app, stackNameOf(stage), {
    context: { config, functionsDir },
    description: 'Slashbox: a code interpreter for Discord',
    // Without an account the template asks AWS for zones when it is deployed, and is the same everywhere.
    env: { region },
    ...(local
      ? { synthesizer: new CliCredentialsStackSynthesizer({ fileAssetsBucketName: local.assetBucket }) }
      : { terminationProtection: true }),
  });
  return { app, stack };
}

function featureFlags(): Record<string, unknown> {
  return JSON.parse(readFileSync(join(projectDir, 'cdk.json'), 'utf8')).context;
}
