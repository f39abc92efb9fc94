/** The CDK app: `npx cdk synth -c stage=NAME` reads infra/stages/NAME.json. */
import { App } from 'aws-cdk-lib';
import { ConfigError } from './config.ts';
import { EXAMPLE_STAGE, listStages, readStage } from './stage-file.ts';
import { synthesise } from './synthesise.ts';

try {
  const named: unknown = new App({ autoSynth: false }).node.tryGetContext('stage');
  synthesise(readStage(typeof named === 'string' ? named : onlyStage()), process.env.CDK_OUTDIR ?? 'cdk.out');
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

function onlyStage(): string {
  const stages = listStages();
  if (stages.length > 1) {
    throw new ConfigError(`Name one of the stages ${stages.join(', ')}: -c stage=NAME.`);
  }
  if (!stages[0])
    console.error('No stage of yours yet: this is infra/stages/example.json, for reading only.');
  return stages[0] ?? EXAMPLE_STAGE;
}
