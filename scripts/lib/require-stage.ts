/** The stage that a command for AWS is about: one of the operator's own, never the example. */
import { EXAMPLE_STAGE, listStages } from '../../infra/stage-file.ts';
import { UsageError } from './arguments.ts';

/**
 * @param given as after `--stage`
 * @throws UsageError that names the stages there are
 */
export function requireStage(given: string | undefined, stages: readonly string[] = listStages()): string {
  if (given && given !== EXAMPLE_STAGE) return given;
  const known = stages.length
    ? `There is ${stages.join(', ')}.`
    : 'There is none yet: copy infra/stages/example.json to infra/stages/prod.json and fill it in.';
  throw new UsageError(
    given
      ? `the stage "${EXAMPLE_STAGE}" is for reading only. ${known}`
      : `name a stage with -- --stage NAME. ${known}`,
  );
}
