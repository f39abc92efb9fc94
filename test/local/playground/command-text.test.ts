/** Commands as a person types them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  matchCommands,
  readCommand,
  readOptions,
  typedCommands,
} from '../../../local/playground/page/command-text.js';
import type { PageCommand } from '../../../local/playground/page-protocol.ts';
import { COMMANDS } from './sample-application.ts';

const commands = typedCommands(COMMANDS as unknown as PageCommand[]);
const run = commands.find(({ title }) => title === 'run');
const options = run?.options ?? [];

describe('the list of commands', () => {
  it('has every subcommand, and no message commands', () => {
    expect(commands.map(({ title }) => title)).toEqual(['file get', 'files', 'run', 'upload']);
  });

  it.each([
    ['', ['file get', 'files', 'run', 'upload']],
    ['fi', ['file get', 'files']],
    ['load', ['upload']],
    ['nope', []],
  ])('for %j offers %j', (typed, titles) => {
    expect(matchCommands(commands, typed).map(({ title }) => title)).toEqual(titles);
  });
});

describe('a typed command', () => {
  it.each([
    ['/run', 'run', ''],
    ['/run code:1', 'run', 'code:1'],
    ['/file get file:a', 'file get', 'file:a'],
    ['/RUN x', 'run', 'x'],
  ])('%j is %j', (line, title, rest) => {
    expect(readCommand(commands, line)).toMatchObject({ command: { title }, rest });
  });

  it.each(['run', '/runner', '/file', '/nope a'])('%j is none', (line) => {
    expect(readCommand(commands, line)).toBeUndefined();
  });
});

describe('typed options', () => {
  it.each<[string, Record<string, string>, string]>([
    ['code:print(6*7)', { code: 'print(6*7)' }, ''],
    ['code: x = 1  private:true', { code: 'x = 1', private: 'true' }, ''],
    ['code:{"code": 1}', { code: '{"code": 1}' }, ''],
    ['code:a code:b', { code: 'a code:b' }, ''],
    ['hello code:a', { code: 'a' }, 'hello'],
    ['http://a.b', {}, 'http://a.b'],
    ['code:if x: y', { code: 'if x: y' }, ''],
  ])('%j', (line, values, before) => {
    const read = readOptions(options, line);
    expect(Object.fromEntries(read.values)).toEqual(values);
    expect(read.before).toBe(before);
  });

  it('give back any value that names no further option', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        fc.pre(!/(^|\s)(code|files|attach|stdin|private):/.test(value));
        expect(readOptions(options, `code:${value}`).values.get('code')).toBe(value.trim());
      }),
    );
  });
});
