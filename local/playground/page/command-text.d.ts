import type { PageCommand, PageCommandOption } from '../page-protocol.ts';

/** A command as a person types it: one entry for each subcommand. */
export interface TypedCommand {
  /** The words behind the slash. */
  readonly title: string;
  readonly description: string;
  readonly options: readonly PageCommandOption[];
}

/** Chat commands, subcommands one by one. */
export function typedCommands(commands: readonly PageCommand[]): TypedCommand[];

/** @returns commands that the text behind the slash may mean, best first */
export function matchCommands(commands: readonly TypedCommand[], typed: string): TypedCommand[];

/** @returns the command that a whole line begins with, and the text behind it */
export function readCommand(
  commands: readonly TypedCommand[],
  line: string,
): { readonly command: TypedCommand; readonly rest: string } | undefined;

/**
 * Reads `code:print(1) private:true`.
 * @returns values by option name, and what stands before the first name
 */
export function readOptions(
  options: readonly PageCommandOption[],
  text: string,
): { readonly values: ReadonlyMap<string, string>; readonly before: string };
