/** What may stand in a message, rule by rule. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Exchange } from '../../../local/discord/exchange.ts';
import { button, classic, createHarness, type Harness, row, text, v2 } from './harness.ts';

let harness: Harness;
let exchange: Exchange;
beforeAll(async () => {
  harness = await createHarness({ attachmentSizeLimit: 1_000 });
});
afterAll(() => harness.close());
beforeEach(async () => {
  exchange = await harness.deferred();
});

const edit = (body: object, ...files: { name: string; content: string; index?: number }[]) =>
  harness.edit(exchange, body, files);

describe('a message is taken', () => {
  it.each<[string, object]>([
    ['of plain content', classic('hello')],
    ['of components', v2(text('hello'), row(button()))],
    ['in a container', v2({ type: 17, accent_color: 0xff0000, components: [text('a'), { type: 14 }] })],
    ['with a section', v2({ type: 9, components: [text('a')], accessory: button() })],
    ['with a link', v2(row({ type: 2, style: 5, label: 'Open', url: 'https://example.com' }))],
    ['with embeds', { ...classic(''), embeds: [{ title: 'T', description: 'D' }] }],
    ['with 40 components', v2(...Array.from({ length: 40 }, () => text('a')))],
    ['with 4,000 characters', v2(text('a'.repeat(4_000)))],
  ])('%s', async (_, body) => {
    const { status, json } = await edit(body);
    expect(json.errors).toBeUndefined();
    expect(status).toBe(200);
    expect(exchange.warnings).toEqual([]);
  });

  it('and numbers its components', async () => {
    const { json } = await edit(v2(text('a'), { type: 17, components: [text('b')] }));
    expect(json.components).toMatchObject([{ id: 1 }, { id: 2, components: [{ id: 3 }] }]);
  });
});

describe('a message is refused', () => {
  const gallery = (...items: object[]) => ({ type: 12, items });
  const picture = (url = 'https://example.com/a.png', rest: object = {}) => ({ media: { url }, ...rest });
  const select = (rest: object) =>
    row({ type: 3, custom_id: 's', options: [{ label: 'a', value: 'a' }], ...rest });
  const many = (count: number, make: (index: number) => object) =>
    Array.from({ length: count }, (_, i) => make(i));
  it.each<[string, object, string]>([
    ['with 2,001 characters of content', classic('a'.repeat(2_001)), 'content'],
    ['with a key that Discord does not know', { ...classic('a'), contnet: 'b' }, 'contnet'],
    ['with an unknown key deep inside', v2({ type: 17, colour: 1, components: [text('a')] }), 'colour'],
    ['with content beside components of V2', { ...v2(text('a')), content: 'b' }, 'content'],
    ['with embeds beside components of V2', { ...v2(text('a')), embeds: [{ title: 'b' }] }, 'embeds'],
    ['with V2 components but no flag', { ...classic('a'), components: [text('b')] }, 'IS_COMPONENTS_V2'],
    ['with 41 components', v2(...many(41, () => text('a'))), '40'],
    ['with 41 components in a tree', v2({ type: 17, components: many(40, () => text('a')) }), '40'],
    ['with 4,001 characters of text in all', v2(text('a'.repeat(4_000)), text('b')), '4001'],
    ['with an empty text', v2(text('')), 'content'],
    ['with a text of 4,001 characters', v2(text('a'.repeat(4_001))), 'content'],
    ['with the same custom id twice', v2(row(button()), row(button())), 'custom_id'],
    ['with a button without label', v2(row(button({ label: undefined }))), 'label'],
    ['with a label of 81 characters', v2(row(button({ label: 'a'.repeat(81) }))), 'label'],
    ['with a custom id of 101 characters', v2(row(button({ custom_id: 'a'.repeat(101) }))), 'custom_id'],
    ['with a button without custom id', v2(row(button({ custom_id: undefined }))), 'custom_id'],
    ['with a link without url', v2(row(button({ style: 5, custom_id: undefined }))), 'url'],
    [
      'with a url of 513 characters',
      v2(row(button({ style: 5, custom_id: undefined, url: `https://a.b/${'c'.repeat(501)}` }))),
      'url',
    ],
    [
      'with a javascript: link',
      v2(row(button({ style: 5, custom_id: undefined, url: 'javascript:x' }))),
      'url',
    ],
    ['with a url on a plain button', v2(row(button({ url: 'https://a.b' }))), 'url'],
    ['with a custom id on a link', v2(row(button({ style: 5, url: 'https://a.b' }))), 'custom_id'],
    ['with six buttons in a row', v2(row(...many(6, (i) => button({ custom_id: `b${i}` })))), 'components'],
    ['with a select beside a button', v2(row(button(), select({}).components[0] as object)), 'components'],
    ['with 26 choices', v2(select({ options: many(26, (i) => ({ label: 'a', value: `${i}` })) })), 'options'],
    ['with one value twice', v2(select({ options: many(2, () => ({ label: 'a', value: 'a' })) })), 'options'],
    [
      'with six classic rows',
      { ...classic('a'), components: many(6, (i) => row(button({ custom_id: `b${i}` }))) },
      '5',
    ],
    ['with an empty gallery', v2(gallery()), 'items'],
    ['with 11 pictures', v2(gallery(...many(11, () => picture()))), 'items'],
    [
      'with alt text of 1,025',
      v2(gallery(picture(undefined, { description: 'a'.repeat(1_025) }))),
      'description',
    ],
    ['with a picture from data:', v2(gallery(picture('data:image/png;base64,AA=='))), 'url'],
    ['with a file from the web', v2({ type: 13, file: { url: 'https://example.com/a.txt' } }), 'url'],
    [
      'with a file that is not there',
      v2({ type: 13, file: { url: 'attachment://a.txt' } }),
      'attachment://a.txt',
    ],
    [
      'with 6,001 characters of embeds',
      { ...classic(''), embeds: many(2, () => ({ description: 'a'.repeat(3_001) })) },
      '6000',
    ],
    [
      'with an embed of a missing file',
      { ...classic(''), embeds: [{ image: { url: 'attachment://a.png' } }] },
      'a.png',
    ],
    ['with a flag that bots may not set', { ...classic('a'), flags: 2 }, 'flags'],
  ])('%s', async (_, body, says) => {
    const { status, json, text: body_ } = await edit(body);
    expect(status).toBe(400);
    expect(json.code).toBe(50035);
    expect(body_).toContain(says);
    expect(exchange.message?.flags).toBe(128);
  });

  it('where it is empty', async () => {
    expect(await edit({ content: '' })).toMatchObject({ status: 400, json: { code: 50006 } });
  });

  it('where its text has more bytes than the API can take', async () => {
    expect(await edit(v2(text('あ'.repeat(3_390))))).toMatchObject({ status: 500 });
    expect(await edit(v2(text('あ'.repeat(3_380))))).toMatchObject({ status: 200 });
  });

  it.each(['', '[]', '{', '"text"'])('where the body is %j', async (body) => {
    expect((await harness.send('PATCH', harness.webhook(exchange, '/messages/@original'), body)).status).toBe(
      400,
    );
  });
});

describe('flags', () => {
  it('IS_COMPONENTS_V2 cannot be taken off', async () => {
    await edit(v2(text('a')));
    expect((await edit({ ...classic('a'), flags: 0, components: [] })).text).toContain('IS_COMPONENTS_V2');
  });

  it('a message of components keeps its kind when an edit says nothing of flags', async () => {
    await edit(v2(text('a')));
    const { flags: _, ...withoutFlags } = v2(text('b'));
    expect((await edit(withoutFlags)).json.flags).toBe(32_768);
    expect((await edit(classic('a'))).status).toBe(400);
  });

  it('EPHEMERAL in an edit changes nothing, with a warning', async () => {
    expect((await edit({ ...classic('a'), flags: 64 })).json.flags).toBe(0);
    expect(exchange.warnings.join()).toContain('EPHEMERAL');
  });
});

describe('mentions', () => {
  it('left to their defaults give a warning', async () => {
    await edit({ content: '@everyone' });
    expect(exchange.warnings.join()).toContain('allowed_mentions');
  });
});

describe('files', () => {
  const file = (name: string, content = 'data') => ({ name, content });
  const shown = (name: string) => ({ type: 13, file: { url: `attachment://${name}` } });

  it('arrive with name, type, size and bytes', async () => {
    const body = { ...v2(shown('a.csv')), attachments: [{ id: '0', description: 'Numbers' }] };
    const { status, json } = await edit(body, file('a.csv', 'x,y'));
    expect(status).toBe(200);
    expect(json.components).toMatchObject([{ name: 'a.csv', size: 3 }]);
    const [reply] = exchange.files();
    expect(reply).toMatchObject({ name: 'a.csv', size: 3, description: 'Numbers' });
    expect(Buffer.from((await reply?.bytes()) ?? []).toString()).toBe('x,y');
    expect(await (await fetch(reply?.url ?? '')).text()).toBe('x,y');
  });

  it('can be numbered by a number instead of text', async () => {
    expect((await edit({ ...classic('a'), attachments: [{ id: 0 }] }, file('a.txt'))).status).toBe(200);
  });

  it('get a plain name, and keep the given one as title', async () => {
    await edit(classic('a'), file('Übersicht Q1 (1).csv'));
    expect(exchange.message?.attachments).toMatchObject([
      { filename: 'Ubersicht_Q1__1_.csv', title: 'Übersicht Q1 (1)' },
    ]);
  });

  it('that no component shows are refused', async () => {
    expect((await edit(v2(text('a')), file('a.csv'))).text).toContain('a.csv');
  });

  it('over the limit of the interaction are too large', async () => {
    const answer = await edit(classic('a'), file('a.bin', 'x'.repeat(1_001)));
    expect(answer).toMatchObject({ status: 413, json: { code: 40005 } });
  });

  it('are ten at most', async () => {
    const ten = Array.from({ length: 10 }, (_, i) => file(`${i}.txt`));
    expect((await edit(classic('a'), ...ten)).status).toBe(200);
    expect((await edit(classic('a'), file('one-more.txt'))).status).toBe(400);
  });

  it('in a field that is not files[n] are refused', async () => {
    expect((await edit(classic('a'), { ...file('a.txt'), index: 10 })).text).toContain('files[10]');
  });

  it('that the list does not name are refused', async () => {
    expect((await edit({ ...classic('a'), attachments: [] }, file('a.txt'))).text).toContain('files[0]');
  });

  it('that the list names but nobody sent are refused', async () => {
    expect((await edit({ ...classic('a'), attachments: [{ id: '3' }] })).text).toContain('files[3]');
  });

  it('stay when an edit lists them, and go when it does not', async () => {
    await edit(classic('a'), file('keep.txt'), file('drop.txt'));
    const keep = exchange.message?.attachments.find(({ filename }) => filename === 'keep.txt');
    await edit({ ...classic('b'), attachments: [{ id: keep?.id }, { id: '0' }] }, file('new.txt'));
    expect(exchange.files().map(({ name }) => name)).toEqual(['keep.txt', 'new.txt']);
  });

  it('stay when an edit does not speak of attachments', async () => {
    await edit(classic('a'), file('keep.txt'));
    await edit(classic('b'));
    expect(exchange.files()).toHaveLength(1);
  });

  it('more than 25 MiB together are too large', async () => {
    const path = harness.webhook(exchange, '/messages/@original');
    const answer = await harness.send('PATCH', path, classic('a'), [
      { name: 'a.bin', content: new Uint8Array(26 * 1024 * 1024) },
    ]);
    expect(answer).toMatchObject({ status: 413, json: { code: 40005 } });
  });
});

describe('classic messages', () => {
  it('count as text for whoever reads the reply', async () => {
    await edit({
      ...classic('one'),
      embeds: [{ title: 'two', fields: [{ name: 'three', value: 'four' }] }],
    });
    expect(exchange.messageText()).toBe('one\ntwo\nthree\nfour');
  });
});
