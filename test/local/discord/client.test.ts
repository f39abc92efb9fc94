/** What Discord's client does before it sends: commands, options, modals, buttons, uploads. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OptionValue } from '../../../local/discord/command-input.ts';
import { button, createHarness, type Harness, row, text, v2 } from './harness.ts';

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
