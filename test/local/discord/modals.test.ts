/** Modals: what may stand in one, and what its submission brings. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { button, createHarness, type Harness, row, text, v2 } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
});
afterAll(() => harness.close());

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
