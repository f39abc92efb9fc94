/** Command lines of the operator's commands: known options only, and an error in one line otherwise. */
import { type ParseArgsConfig, parseArgs } from 'node:util';

/** What the person at the keyboard did wrong; printed without a stack trace, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** @throws UsageError naming the option that is not known or lacks its value */
export function readArguments<Options extends NonNullable<ParseArgsConfig['options']>>(
  options: Options,
  args: readonly string[] = process.argv.slice(2),
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/**
 * Runs a command's main function, which gives the exit code: a UsageError or a named error of ours ends in one line, anything else
 * with its stack, as that is a defect.
 */
export async function runCommand(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    const expected = error instanceof Error && EXPECTED.has(error.name);
    console.error(expected ? `error: ${error.message}` : error);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

/** By name, as they come from modules that only some commands load. */
const EXPECTED = new Set([
  'UsageError',
  'SettingsError',
  'LimitError',
  'ConfigError',
  'OperatorError',
  'SetupError',
  'CloudStartError',
  'DeployError',
]);

/** Something that an operator can mend; the message says what and how. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
}
