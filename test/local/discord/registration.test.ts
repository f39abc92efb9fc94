/** What Discord refuses when commands are registered. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS, createHarness, type Harness } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
});
afterAll(() => harness.close());

describe('commands to register', () => {
  const chat = (rest: object = {}) => ({ name: 'a', type: 1, description: 'A', ...rest });
  const option = (rest: object = {}) => ({ type: 3, name: 'o', description: 'O', ...rest });
  const nested = (type: number, name: string, ...options: object[]) => ({
    type,
    name,
    description: 'N',
    options,
  });
  const many = (count: number, make: (i: number) => object) =>
    Array.from({ length: count }, (_, i) => make(i));
  it.each<[string, unknown]>([
    ['no list', {}],
    ['a capital letter', [chat({ name: 'Run' })]],
    ['a space', [chat({ name: 'run it' })]],
    ['33 characters', [chat({ name: 'a'.repeat(33) })]],
    ['no description', [chat({ description: undefined })]],
    ['a description of 101 characters', [chat({ description: 'a'.repeat(101) })]],
    ['a description on a message command', [{ name: 'A', type: 3, description: 'x' }]],
    ['the same name twice', [chat(), chat()]],
    ['26 options', [chat({ options: many(26, (i) => option({ name: `o${i}` })) })]],
    [
      '26 choices',
      [chat({ options: [option({ choices: many(26, (i) => ({ name: `${i}`, value: `${i}` })) })] })],
    ],
    [
      'choices and autocomplete',
      [chat({ options: [option({ autocomplete: true, choices: [{ name: 'a', value: 'a' }] })] })],
    ],
    [
      'a required option after an optional one',
      [chat({ options: [option(), option({ name: 'p', required: true })] })],
    ],
    ['an option name twice', [chat({ options: [option(), option()] })]],
    ['two levels of groups', [chat({ options: [nested(2, 'g', nested(2, 'h'))] })]],
    ['a subcommand beside an option', [chat({ options: [nested(1, 's'), option()] })]],
    ['101 commands', many(101, (i) => chat({ name: `c${i}` }))],
    ['16 message commands', many(16, (i) => ({ name: `M${i}`, type: 3 }))],
    ['8,001 characters', [withCharacters(8_001)]],
    ['a longer minimum than maximum', [chat({ options: [option({ min_length: 5, max_length: 4 })] })]],
    ['an unknown key', [chat({ descripton: 'x' })]],
  ])('must not have %s', (_, commands) => {
    expect(() => harness.discord.registerCommands(commands)).toThrow('Invalid Form Body');
  });

  it('may have 8,000 characters', () => {
    harness.discord.registerCommands([withCharacters(8_000)]);
    harness.discord.registerCommands(COMMANDS);
  });

  it('may have permissions written as text', () => {
    harness.discord.registerCommands([chat({ default_member_permissions: '0' })]);
    harness.discord.registerCommands(COMMANDS);
    expect(harness.discord.commands.map(({ name }) => name)).toEqual(['run', 'file', 'Run code']);
  });

  it('may be grouped one level deep', () => {
    harness.discord.registerCommands([chat({ options: [nested(2, 'g', nested(1, 's', option()))] })]);
    harness.discord.registerCommands(COMMANDS);
  });
});

/** A command whose names, descriptions and values have exactly so many characters. */
function withCharacters(total: number) {
  const own = 'a'.length + 'A'.length + 2 * ('o0'.length + 'O'.length);
  const choice = (index: number, length: number) => ({
    name: `${index}`.padEnd(100, 'n'),
    value: 'v'.repeat(length - 100),
  });
  const choices = Array.from({ length: 40 }, (_, index) =>
    choice(index, index < 39 ? 200 : total - own - 39 * 200),
  );
  const options = [choices.slice(0, 20), choices.slice(20)].map((part, index) => ({
    type: 3,
    name: `o${index}`,
    description: 'O',
    choices: part,
  }));
  return { name: 'a', type: 1, description: 'A', options };
}
