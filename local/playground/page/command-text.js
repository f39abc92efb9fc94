/**
 * Commands as text: `/file get file:sales.csv`.
 * @import { TypedCommand } from './command-text.d.ts'
 * @import { PageCommandOption } from '../page-protocol.ts'
 */

const CHAT = 1;
const SUBCOMMAND = 1;
const GROUP = 2;

/** @type {typeof import('./command-text.d.ts').typedCommands} */
export function typedCommands(commands) {
  return commands
    .filter(({ type }) => type === CHAT)
    .flatMap((command) => unfold(command.name, command.description, command.options ?? []))
    .sort((one, other) => (one.title < other.title ? -1 : 1));
}

/**
 * @param {string} title @param {string} description @param {readonly PageCommandOption[]} options
 * @returns {TypedCommand[]}
 */
function unfold(title, description, options) {
  const inner = options.filter(({ type }) => type === SUBCOMMAND || type === GROUP);
  if (inner.length === 0) return [{ title, description, options }];
  return inner.flatMap((option) =>
    unfold(`${title} ${option.name}`, option.description, option.options ?? []),
  );
}

/** @type {typeof import('./command-text.d.ts').matchCommands} */
export function matchCommands(commands, typed) {
  const wanted = typed.toLowerCase().trim();
  const begins = commands.filter(({ title }) => title.startsWith(wanted));
  const contains = commands.filter(({ title }) => !title.startsWith(wanted) && title.includes(wanted));
  return [...begins, ...contains];
}

/** @type {typeof import('./command-text.d.ts').readCommand} */
export function readCommand(commands, line) {
  const longestFirst = [...commands].sort((one, other) => other.title.length - one.title.length);
  for (const command of longestFirst) {
    const head = `/${command.title}`;
    if (line.toLowerCase().startsWith(head) && /^(\s|$)/.test(line.slice(head.length))) {
      return { command, rest: line.slice(head.length).replace(/^\s/, '') };
    }
  }
  return undefined;
}

/** @type {typeof import('./command-text.d.ts').readOptions} */
export function readOptions(options, text) {
  const names = new Set(options.map(({ name }) => name));
  const marks = [...text.matchAll(/(^|\s)([\p{L}\p{N}_-]{1,32}):/gu)].filter(([, , name = '']) =>
    names.has(name),
  );
  /** @type {Map<string, string>} */
  const values = new Map();
  for (const [index, mark] of marks.entries()) {
    const name = mark[2] ?? '';
    // A name that was given already is part of a value: `code:{"code": 1}` has one option.
    if (values.has(name)) continue;
    const next = marks.slice(index + 1).find(([, , later = '']) => later !== name && !values.has(later));
    values.set(name, text.slice(mark.index + mark[0].length, next?.index).trim());
  }
  return { values, before: text.slice(0, marks[0]?.index ?? text.length).trim() };
}
