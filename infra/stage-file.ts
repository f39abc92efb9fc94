/** Finds and reads a stage's file, `infra/stages/NAME.json`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError, parseStage, type StageConfig } from './config.ts';

/** Shows every setting; made for reading and for trying `cdk synth`, never deployed. */
export const EXAMPLE_STAGE = 'example';

const STAGES = join(dirname(fileURLToPath(import.meta.url)), 'stages');

/**
 * @param stagesDir folder of stage files
 * @throws ConfigError saying which file is missing or what is wrong in it
 */
export function readStage(stage: string, stagesDir: string = STAGES): StageConfig {
  const source = `infra/stages/${stage}.json`;
  const path = join(stagesDir, `${stage}.json`);
  if (!/^[\w-]+$/.test(stage) || !existsSync(path)) {
    const known = listStages(stagesDir);
    throw new ConfigError(
      `There is no stage "${stage}": ${source} does not exist. ${known.length ? `There is ${known.join(', ')}.` : 'Copy infra/stages/example.json to it and fill it in.'}`,
    );
  }
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new ConfigError(`${source} is not JSON: ${cause instanceof Error ? cause.message : cause}.`, {
      cause,
    });
  }
  return parseStage(stage, content, source);
}

/** The operator's own stages, without the example. */
export function listStages(stagesDir: string = STAGES): string[] {
  return readdirSync(stagesDir)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .filter((stage) => stage !== EXAMPLE_STAGE)
    .sort();
}
