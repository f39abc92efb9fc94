/** What Discord's client does before it sends: commands, options, modals, buttons, uploads. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OptionValue } from '../../../local/discord/command-input.ts';
import { button, COMMANDS, classic, createHarness, type Harness, row, text, v2 } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness({ maxUploadBytes: 2_000_000 });
});
afterAll(() => harness.close());
beforeEach(() => harness.answerWith({ type: 5 }));

const run = (options: Record<string, OptionValue>) => harness.discord.invokeCommand({ name: 'run', options });

describe('a command', () => {
  it('carries who, where and what, as Discord sends it', async () => {
    const { sent } = await run({ code: 'print(1)', count: 2 });
    const [ada] = harness.discord.users;
    expect(sent).toMatchObject({
      type: 2,
      version: 1,
      member: { user: { id: ada?.id } },
      guild_id: expect.any(String),
      context: 0,
      authorizing_integration_owners: { '0': expect.any(String) },
      attachment_size_limit: 10_485_760,
      data: {
        name: 'run',
        options: [
          { name: 'code', type: 3, value: 'print(1)' },
          { name: 'count', type: 4, value: 2 },
        ],
      },
    });
    expect(sent).not.toHaveProperty('user');
  });

  it('in a direct message names the user instead of a member', async () => {
    const [, grace] = harness.discord.users;
    const { sent } = await harness.discord.invokeCommand({
      name: 'run',
      user: grace?.id ?? '',
      place: 'bot-dm',
      install: 'user',
    });
    expect(sent).toMatchObject({
      user: { id: grace?.id },
      context: 1,
      authorizing_integration_owners: { '1': grace?.id },
    });
    expect(sent).not.toHaveProperty('member');
  });

  it('nests subcommands', async () => {
    const { sent } = await harness.discord.invokeCommand({ name: 'file get', options: { file: 'a' } });
    expect(sent.data).toMatchObject({
      name: 'file',
      options: [{ name: 'get', type: 1, options: [{ name: 'file', value: 'a' }] }],
    });
  });

  it.each<[string, string, Record<string, OptionValue>, string]>([
    ['that is not registered', 'nope', {}, 'no command /nope'],
    ['with an unknown option', 'run', { what: 'x' }, 'no option "what"'],
    ['without a required option', 'file get', {}, 'required'],
    ['without its subcommand', 'file', {}, 'Choose what'],
    ['with an unknown subcommand', 'file eat', {}, 'no subcommand'],
    ['with a text that is too long', 'run', { code: 'a'.repeat(101) }, 'between 2 and 100'],
    ['with a text that is too short', 'run', { code: 'a' }, 'between 2 and 100'],
    ['with a number out of range', 'run', { count: 10 }, 'between 1 and 9'],
    ['with a value of another kind', 'run', { code: 5 }, 'right kind'],
    ['with a choice that is not offered', 'run', { mode: 'slow' }, 'list'],
  ])('%s is not sent', async (_, name, options, says) => {
    const before = harness.received.length;
    await expect(harness.discord.invokeCommand({ name, options })).rejects.toThrow(says);
    expect(harness.received).toHaveLength(before);
  });

  it('that is not registered can be sent for a test', async () => {
    const { sent } = await harness.discord.invokeCommand({
      name: 'nope',
      options: { a: 'b' },
      allowUnknown: true,
    });
    expect(sent.data).toMatchObject({ name: 'nope', options: [{ name: 'a', type: 3, value: 'b' }] });
  });

  it('of a message brings the message with text and files', async () => {
    const message = await harness.discord.postMessage({
      content: 'hi',
      attachments: [{ name: 'a.py', content: 'x' }],
    });
    const { sent } = await harness.discord.invokeMessageCommand({ name: 'Run code', messageId: message.id });
    expect(sent.data).toMatchObject({
      type: 3,
      target_id: message.id,
      resolved: { messages: { [message.id]: { content: 'hi', attachments: [{ filename: 'a.py' }] } } },
    });
  });
});

describe('an attachment', () => {
  it('comes as a resolved file behind a signed link', async () => {
    const { sent } = await run({ attach: { name: 'a b.csv', content: 'x,y' } });
    const { options, resolved } = sent.data as {
      options: { value: string }[];
      resolved: { attachments: Record<string, { filename: string; size: number; url: string }> };
    };
    const attachment = resolved.attachments[options[0]?.value ?? ''];
    expect(attachment).toMatchObject({ filename: 'a_b.csv', size: 3 });
    expect(await (await fetch(attachment?.url ?? '')).text()).toBe('x,y');
  });

  it('can keep a hostile name, or be sent word for word', async () => {
    const { sent } = await run({ attach: { name: '../../x\n', content: 'a', keepName: true } });
    expect(JSON.stringify(sent.data)).toContain(JSON.stringify('../../x\n'));
    const verbatim = { id: '5', filename: 'a', size: 1, url: 'https://evil.example/a', proxy_url: '' };
    expect((await run({ attach: { verbatim } })).sent.data).toMatchObject({
      resolved: { attachments: { '5': verbatim } },
    });
  });

  it('over the user’s limit is not sent', async () => {
    const content = new Uint8Array(2_000_001);
    await expect(run({ attach: { name: 'big.bin', content } })).rejects.toThrow('too powerful');
  });

  it('can be streamed to disk first, and is served from there', async () => {
    const bytes = new Uint8Array(1_500_000).fill(7);
    const { id } = await harness.discord.stageUpload('big.bin', undefined, new Blob([bytes]).stream());
    const { sent } = await run({ attach: { uploadId: id } });
    const [attachment] = Object.values(
      (sent.data as { resolved: { attachments: Record<string, { url: string; size: number }> } }).resolved
        .attachments,
    );
    expect(attachment?.size).toBe(1_500_000);
    const served = Buffer.from(await (await fetch(attachment?.url ?? '')).arrayBuffer());
    expect(served.equals(bytes)).toBe(true);
  });

  it('that is streamed stops at the limit', async () => {
    const stream = new Blob([new Uint8Array(2_000_001)]).stream();
    await expect(harness.discord.stageUpload('big.bin', undefined, stream)).rejects.toThrow('too powerful');
  });

  it('that is streamed can be empty', async () => {
    expect((await harness.discord.stageUpload('a', undefined, new Blob([]).stream())).size).toBe(0);
  });
});

describe('the CDN', () => {
  const link = async (options: OptionValue = { name: 'page.html', content: '<script>1</script>' }) => {
    const { sent } = await run({ attach: options });
    const { resolved } = sent.data as { resolved: { attachments: Record<string, { url: string }> } };
    return Object.values(resolved.attachments)[0]?.url ?? '';
  };

  it('serves a file for 24 hours', async () => {
    const url = await link();
    harness.advance(86_399_000);
    expect((await fetch(url)).status).toBe(200);
    harness.advance(2_000);
    const late = await fetch(url);
    expect([late.status, await late.text()]).toEqual([404, 'This content is no longer available.']);
  });

  it.each([
    ['without a signature', (url: string) => url.split('?')[0] ?? ''],
    ['with a later expiry', (url: string) => url.replace(/ex=\w+/, 'ex=7fffffff')],
    ['with another name', (url: string) => url.replace('page.html', 'page.png')],
    ['with another id', (url: string) => url.replace(/\/(\d+)\/page/, '/1/page')],
  ])('does not serve a link %s', async (_, change) => {
    expect((await fetch(change(await link()))).status).toBe(404);
  });

  it('keeps a user’s page from acting on the playground', async () => {
    const { headers } = await fetch(await link());
    expect(headers.get('content-security-policy')).toContain('sandbox');
    expect(headers.get('content-disposition')).toContain('attachment');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });
});

describe('autocomplete', () => {
  it('asks with the focused option and gives the choices', async () => {
    harness.answerWith({ type: 8, data: { choices: [{ name: 'sales.csv', value: 'id1' }] } });
    const exchange = await harness.discord.autocomplete({
      name: 'run',
      options: { files: 's' },
      focused: 'files',
    });
    expect(exchange.sent).toMatchObject({ type: 4, data: { options: [{ name: 'files', focused: true }] } });
    expect(exchange.choices).toEqual([{ name: 'sales.csv', value: 'id1' }]);
  });

  it.each([
    ['26 choices', Array.from({ length: 26 }, (_, i) => ({ name: `${i}`, value: `${i}` }))],
    ['a name of 101 characters', [{ name: 'a'.repeat(101), value: 'a' }]],
    ['an empty name', [{ name: '', value: 'a' }]],
  ])('does not take %s', async (_, choices) => {
    harness.answerWith({ type: 8, data: { choices } });
    const { failure } = await harness.discord.autocomplete({
      name: 'run',
      options: { files: '' },
      focused: 'files',
    });
    expect(failure).toBeDefined();
  });
});

describe('a button', () => {
  const posted = async (...components: object[]) => {
    const exchange = await harness.deferred();
    await harness.edit(exchange, v2(text('a'), row(...components)));
    return exchange.message?.id ?? '';
  };

  it('sends its custom id with the message it stands on', async () => {
    const messageId = await posted(button());
    harness.answerWith({ type: 6 });
    const { sent, failure } = await harness.discord.clickButton({ messageId, label: 'Go' });
    expect(failure).toBeUndefined();
    expect(sent).toMatchObject({
      type: 3,
      data: { custom_id: 'go', component_type: 2 },
      message: { id: messageId },
    });
  });

  it('can change the message it stands on', async () => {
    const messageId = await posted(button());
    harness.answerWith({ type: 7, data: v2(text('changed')) });
    const exchange = await harness.discord.clickButton({ messageId, customId: 'go' });
    expect(exchange.message).toMatchObject({ id: messageId, components: [{ content: 'changed' }] });
  });

  it.each<[string, object, string]>([
    ['that is not there', button({ label: 'Other' }), 'no button'],
    ['that is off', button({ disabled: true }), 'off'],
    ['that opens a link', { type: 2, style: 5, label: 'Go', url: 'https://a.b' }, 'link'],
  ])('%s cannot be clicked', async (_, component, says) => {
    const messageId = await posted(component);
    await expect(harness.discord.clickButton({ messageId, label: 'Go' })).rejects.toThrow(says);
  });

  it('of a menu sends the chosen values', async () => {
    const messageId = await posted({ type: 3, custom_id: 'm', options: [{ label: 'A', value: 'a' }] });
    harness.answerWith({ type: 6 });
    const { sent } = await harness.discord.clickButton({ messageId, customId: 'm', values: ['a'] });
    expect(sent.data).toEqual({ custom_id: 'm', component_type: 3, values: ['a'] });
    const wrong = harness.discord.clickButton({ messageId, customId: 'm', values: ['b'] });
    await expect(wrong).rejects.toThrow('list');
  });
});

describe('a modal', () => {
  const label = (component: object, name = 'Field') => ({ type: 18, label: name, component });
  const input = (rest: object = {}) => ({ type: 4, custom_id: 'code', style: 2, max_length: 20, ...rest });
  const upload = (rest: object = {}) => ({
    type: 19,
    custom_id: 'up',
    required: false,
    max_values: 2,
    ...rest,
  });
  const options = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ label: `${i}`, value: `${i}` }));
  const modal = (...components: object[]) => ({ type: 9, data: { custom_id: 'm', title: 'T', components } });
  const open = async (...components: object[]) => {
    harness.answerWith(modal(...components));
    const exchange = await harness.discord.invokeCommand({ name: 'run' });
    expect(exchange.failure).toBeUndefined();
    harness.answerWith({ type: 5 });
    return exchange;
  };

  it('brings back what was filled in', async () => {
    const exchange = await open(
      label(input()),
      label(upload()),
      label({ type: 23, custom_id: 'private' }),
      label({ type: 21, custom_id: 'radio', required: false, options: options(2) }),
      label({ type: 22, custom_id: 'group', options: options(3) }),
    );
    const { sent } = await harness.discord.submitModal(exchange, {
      values: { code: '  x = 1\n', private: true, group: ['0', '2'] },
      files: { up: [{ name: 'a.csv', content: 'x' }] },
    });
    const [file] = Object.keys((sent.data as { resolved: { attachments: object } }).resolved.attachments);
    expect(sent).toMatchObject({
      type: 5,
      data: {
        custom_id: 'm',
        components: [
          { type: 18, component: { type: 4, custom_id: 'code', value: '  x = 1\n' } },
          { type: 18, component: { type: 19, custom_id: 'up', values: [file] } },
          { type: 18, component: { type: 23, custom_id: 'private', value: true } },
          { type: 18, component: { type: 21, custom_id: 'radio', value: null } },
          { type: 18, component: { type: 22, custom_id: 'group', values: ['0', '2'] } },
        ],
      },
    });
  });

  it('keeps what it was opened with', async () => {
    const exchange = await open(label(input({ value: 'old' })));
    expect((await harness.discord.submitModal(exchange)).sent.data).toMatchObject({
      components: [{ component: { value: 'old' } }],
    });
  });

  it.each<[string, object, Parameters<Harness['discord']['submitModal']>[1], string]>([
    ['with an empty required text', input(), {}, 'required'],
    ['with a text that is too long', input(), { values: { code: 'a'.repeat(21) } }, '20'],
    ['with a field that it does not have', input(), { values: { nope: 'a' } }, 'no field "nope"'],
    ['without a required file', upload({ required: true }), {}, 'required'],
    [
      'with too many files',
      upload(),
      { files: { up: Array.from({ length: 3 }, () => ({ name: 'a', content: 'b' })) } },
      '2 files',
    ],
    [
      'with a choice that is not offered',
      { type: 21, custom_id: 'r', options: options(2) },
      { values: { r: '9' } },
      'list',
    ],
  ])('%s is not sent', async (_, component, filled, says) => {
    const exchange = await open(label(component));
    await expect(harness.discord.submitModal(exchange, filled)).rejects.toThrow(says);
  });

  it('passes blank text as required, as Discord does', async () => {
    const exchange = await open(label(input()));
    expect((await harness.discord.submitModal(exchange, { values: { code: ' ' } })).failure).toBeUndefined();
  });

  it.each<[string, object]>([
    ['with six parts', modal(...Array.from({ length: 6 }, (_, i) => label(input({ custom_id: `${i}` }))))],
    [
      'with a title of 46 characters',
      { type: 9, data: { ...modal(label(input())).data, title: 'a'.repeat(46) } },
    ],
    ['with a label of 46 characters', modal(label(input(), 'a'.repeat(46)))],
    ['with a value over its limit', modal(label(input({ value: 'a'.repeat(21) })))],
    ['with one radio choice', modal(label({ type: 21, custom_id: 'r', options: options(1) }))],
    ['with one custom id twice', modal(label(input()), label(input()))],
    ['with 11 files', modal(label(upload({ max_values: 11 })))],
    ['with fewer files than it asks for', modal(label(upload({ min_values: 3 })))],
  ])('%s is refused', async (_, answer) => {
    harness.answerWith(answer);
    expect((await harness.discord.invokeCommand({ name: 'run' })).failure?.reason).toContain('50035');
  });

  it('cannot answer a modal', async () => {
    const exchange = await open(label(input({ required: false })));
    harness.answerWith(modal(label(input())));
    expect((await harness.discord.submitModal(exchange)).failure?.reason).toContain('type');
  });

  it('can come from a button, and its submission may update the message', async () => {
    const exchange = await harness.deferred();
    await harness.edit(exchange, v2(row(button())));
    harness.answerWith(modal(label(input({ required: false }))));
    const messageId = exchange.message?.id ?? '';
    const opened = await harness.discord.clickButton({ messageId, label: 'Go' });
    harness.answerWith({ type: 7, data: v2(text('new')) });
    const submitted = await harness.discord.submitModal(opened);
    expect(submitted.sent).toMatchObject({ message: { id: messageId } });
    expect(submitted.message?.id).toBe(messageId);
  });
});

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
    [
      '8,001 characters',
      [
        chat({
          options: [
            option({ choices: many(25, (i) => ({ name: 'n'.repeat(98) + i, value: 'v'.repeat(100) })) }),
            ...many(20, (i) =>
              option({
                name: `o${i}`,
                description: 'd'.repeat(100),
                choices: many(2, (n) => ({ name: `${n}`, value: 'v'.repeat(90) })),
              }),
            ),
          ],
        }),
      ],
    ],
    ['a longer minimum than maximum', [chat({ options: [option({ min_length: 5, max_length: 4 })] })]],
    ['an unknown key', [chat({ descripton: 'x' })]],
  ])('must not have %s', (_, commands) => {
    expect(() => harness.discord.registerCommands(commands)).toThrow('Invalid Form Body');
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

describe('classic messages', () => {
  it('count as text for whoever reads the reply', async () => {
    const exchange = await harness.deferred();
    await harness.edit(exchange, {
      ...classic('one'),
      embeds: [{ title: 'two', fields: [{ name: 'three', value: 'four' }] }],
    });
    expect(exchange.messageText()).toBe('one\ntwo\nthree\nfour');
  });
});
