/** The life of an interaction: first answer, edits, follow-ups, its token, its limits. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { APPLICATION_ID, button, classic, createHarness, type Harness, row, text, v2 } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness({ answerDeadlineMs: 400 });
});
afterAll(() => harness.close());

const MINUTE = 60_000;

describe('the first answer', () => {
  it.each<[string, object]>([
    ['a message', { type: 4, data: classic('hi') }],
    ['a deferral', { type: 5 }],
    ['a private deferral', { type: 5, data: { flags: 64 } }],
  ])('may be %s', async (_, answer) => {
    harness.answerWith(answer);
    expect((await harness.discord.invokeCommand({ name: 'run' })).failure).toBeUndefined();
  });

  it.each<[string, object]>([
    ['a pong', { type: 1 }],
    ['an update without a message', { type: 7, data: classic('a') }],
    ['choices for a command', { type: 8, data: { choices: [] } }],
    ['a deprecated type', { type: 10 }],
    ['a deferral with components', { type: 5, data: { flags: 32_768 } }],
    ['a deferral with content', { type: 5, data: { content: 'a' } }],
    ['an unknown key', { type: 5, dat: {} }],
    ['an empty message', { type: 4, data: { content: '', allowed_mentions: { parse: [] } } }],
    ['no object', { text: '[]' }],
    ['no JSON', { text: 'oops' }],
    ['an error', { text: '{"type":5}', status: 500 }],
    ['a redirect', { text: '', status: 302, headers: { location: '/' } }],
    ['HTML', { text: '{"type":5}', headers: { 'content-type': 'text/html' } }],
  ])('must not be %s', async (_, answer) => {
    harness.answerWith(() => answer);
    const exchange = await harness.discord.invokeCommand({ name: 'run' });
    expect(exchange.failure?.shown).toBe('The application did not respond');
    expect(await harness.edit(exchange, classic('a'))).toMatchObject({ status: 404, json: { code: 10015 } });
    await expect(exchange.reply()).rejects.toThrow('did not respond');
  });

  it('must come in time', async () => {
    harness.answerWith(() => new Promise(() => undefined));
    const { failure } = await harness.discord.invokeCommand({ name: 'run' });
    expect(failure?.reason).toContain('No answer within 400 ms');
  });

  it('can come through the callback route, once', async () => {
    let second: unknown;
    harness.answerWith(async ({ id, token }) => {
      const path = `/interactions/${id}/${token}/callback`;
      await harness.send('POST', path, { type: 4, data: classic('by route') });
      second = (await harness.send('POST', path, { type: 5 })).json.code;
      return { status: 202, headers: {}, text: '' };
    });
    const exchange = await harness.discord.invokeCommand({ name: 'run' });
    expect(exchange.failure).toBeUndefined();
    expect(exchange.messageText()).toBe('by route');
    expect(second).toBe(40060);
  });

  it('of 202 without a callback is none', async () => {
    harness.answerWith(() => ({ status: 202, headers: {}, text: '' }));
    expect((await harness.discord.invokeCommand({ name: 'run' })).failure?.reason).toContain('400 ms');
  });

  it('can carry files through the callback route, and give the message back', async () => {
    let answer: unknown;
    harness.answerWith(async ({ id, token }) => {
      const path = `/interactions/${id}/${token}/callback?with_response=true`;
      const body = { type: 4, data: { ...classic('x'), attachments: [{ id: 0 }] } };
      answer = (await harness.send('POST', path, body, [{ name: 'a.txt', content: 'hi' }])).json;
      return { status: 202, headers: {}, text: '' };
    });
    const exchange = await harness.discord.invokeCommand({ name: 'run' });
    expect(exchange.files().map(({ name }) => name)).toEqual(['a.txt']);
    expect(answer).toMatchObject({ resource: { type: 4, message: { content: 'x' } } });
  });
});

describe('an edit', () => {
  it('before the first answer has arrived finds no webhook', async () => {
    let early: unknown;
    harness.answerWith(async ({ token }) => {
      early = await harness.edit({ token: String(token) }, classic('too early'));
      return { type: 5 };
    });
    const exchange = await harness.discord.invokeCommand({ name: 'run' });
    expect(early).toMatchObject({ status: 404, json: { code: 10015 } });
    expect((await harness.edit(exchange, classic('in time'))).status).toBe(200);
  });

  it('ends "thinking…" and wakes whoever waits for the reply', async () => {
    const exchange = await harness.deferred();
    expect(exchange.message?.flags).toBe(128);
    const waiting = exchange.reply({ timeoutMs: 5_000 });
    await harness.edit(exchange, v2(text('done')));
    expect((await waiting).flags).toBe(32_768);
    expect(exchange.messageText()).toBe('done');
  });

  it('of progress does not end the wait for a later state', async () => {
    const exchange = await harness.deferred();
    const waiting = exchange.reply({ until: ({ content }) => content === 'result' });
    await harness.edit(exchange, classic('running'));
    await harness.edit(exchange, classic('result'));
    expect((await waiting).content).toBe('result');
  });

  it('works for 15 minutes, not longer', async () => {
    const exchange = await harness.deferred();
    harness.advance(14 * MINUTE);
    expect((await harness.edit(exchange, classic('a'))).status).toBe(200);
    harness.advance(MINUTE + 1);
    expect(await harness.edit(exchange, classic('b'))).toMatchObject({ status: 401, json: { code: 50027 } });
  });

  it('with a token or application that nobody has is refused', async () => {
    expect((await harness.edit({ token: 'nobody' }, classic('a'))).json.code).toBe(10015);
    const { token } = await harness.deferred();
    const other = await harness.send('PATCH', `/webhooks/1/${token}/messages/@original`, classic('a'));
    expect(other.json.code).toBe(10015);
  });

  it('of a message that belongs to another interaction is refused', async () => {
    const mine = await harness.deferred();
    const other = await harness.deferred();
    const path = harness.webhook(mine, `/messages/${other.message?.id}`);
    expect(await harness.send('PATCH', path, classic('a'))).toMatchObject({
      status: 404,
      json: { code: 10008 },
    });
  });

  it('takes @original when it is percent-encoded', async () => {
    const exchange = await harness.deferred();
    const path = harness.webhook(exchange, '/messages/%40original');
    expect((await harness.send('PATCH', path, classic('a'))).status).toBe(200);
  });
});

describe('the answer', () => {
  it('can be read and deleted', async () => {
    const exchange = await harness.deferred();
    const path = harness.webhook(exchange, '/messages/@original');
    expect((await harness.call(path)).json.flags).toBe(128);
    expect((await harness.call(path, { method: 'DELETE' })).status).toBe(204);
    expect((await harness.call(path)).json.code).toBe(10008);
    await expect(exchange.reply()).rejects.toThrow('deleted');
  });

  it('that is private is seen by its user alone', async () => {
    harness.answerWith({ type: 5, data: { flags: 64 } });
    const exchange = await harness.discord.invokeCommand({ name: 'run' });
    const [ada, grace] = harness.discord.users;
    expect(exchange.visibleTo).toBe(ada?.id);
    const sees = (id = '') =>
      harness.discord.messages(id).some((message) => message.id === exchange.message?.id);
    expect([sees(ada?.id), sees(grace?.id)]).toEqual([true, false]);
    await harness.edit(exchange, v2(row(button())));
    const click = { messageId: exchange.message?.id ?? '', label: 'Go' };
    await expect(harness.discord.clickButton({ ...click, user: grace?.id ?? '' })).rejects.toThrow(
      'cannot see',
    );
  });

  it('that was dismissed is out of sight, but can still be edited', async () => {
    harness.answerWith({ type: 5, data: { flags: 64 } });
    const exchange = await harness.discord.invokeCommand({ name: 'run' });
    const id = exchange.message?.id ?? '';
    harness.discord.dismiss(id);
    expect((await harness.edit(exchange, classic('a'))).status).toBe(200);
    expect(harness.discord.messages().some((message) => message.id === id)).toBe(false);
  });

  it('that everybody sees cannot be dismissed', async () => {
    const exchange = await harness.deferred();
    expect(() => harness.discord.dismiss(exchange.message?.id ?? '')).toThrow('you alone');
  });
});

describe('the channel', () => {
  it('keeps the newest 500 messages, and frees the files of older ones', async () => {
    const first = await harness.discord.postMessage({
      content: 'first',
      attachments: [{ name: 'a.txt', content: 'x' }],
    });
    const url = first.attachments[0]?.url ?? '';
    expect((await fetch(url)).status).toBe(200);
    for (let count = 0; count < 500; count += 1) await harness.discord.postMessage({ content: 'next' });
    expect(harness.discord.messages()).toHaveLength(500);
    expect((await fetch(url)).status).toBe(404);
  });
});

describe('follow-ups', () => {
  it('are messages of their own, editable by id', async () => {
    const exchange = await harness.deferred();
    await harness.edit(exchange, classic('first'));
    const { json } = await harness.followUp(exchange, { ...classic('second'), flags: 64 });
    expect(json.flags).toBe(64);
    await harness.send('PATCH', harness.webhook(exchange, `/messages/${json.id}`), classic('changed'));
    expect(exchange.followUps.map(({ content }) => content)).toEqual(['changed']);
  });

  it('fill a deferred answer, with a warning', async () => {
    const exchange = await harness.deferred();
    await harness.followUp(exchange, classic('a'));
    expect(exchange.messageText()).toBe('a');
    expect(exchange.warnings.join()).toContain('deprecated');
  });

  it('end at five where the user installed the application', async () => {
    const exchange = await harness.deferred({ name: 'run', install: 'user' });
    await harness.edit(exchange, classic('a'));
    const statuses: number[] = [];
    for (let count = 0; count < 6; count += 1) {
      harness.advance(2_000);
      statuses.push((await harness.followUp(exchange, classic('more'))).status);
    }
    expect(statuses).toEqual([200, 200, 200, 200, 200, 400]);
  });
});

describe('the rate limit', () => {
  it('lets five requests through in two seconds for each webhook', async () => {
    const [one, two] = [await harness.deferred(), await harness.deferred()];
    const statuses: number[] = [];
    for (let count = 0; count < 5; count += 1) statuses.push((await harness.edit(one, classic('a'))).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200]);
    const refused = await harness.edit(one, classic('a'));
    expect(refused).toMatchObject({ status: 429, json: { global: false, retry_after: 2 } });
    expect(refused.headers.get('retry-after')).toBe('2');
    expect(refused.headers.get('x-ratelimit-remaining')).toBe('0');
    expect((await harness.edit(two, classic('a'))).status).toBe(200);
    harness.advance(2_000);
    expect((await harness.edit(one, classic('a'))).headers.get('x-ratelimit-remaining')).toBe('4');
  });
});

describe('registering commands', () => {
  const path = `/applications/${APPLICATION_ID}/commands`;
  const put = (body: unknown, token = 'Bot local.playground.token') =>
    harness.call(path, { method: 'PUT', headers: { authorization: token }, body: JSON.stringify(body) });

  it('needs the bot token', async () => {
    expect((await put([], 'Bot wrong')).status).toBe(401);
  });

  it('is there for this application only', async () => {
    const init = { method: 'PUT', headers: { authorization: 'Bot local.playground.token' }, body: '[]' };
    expect((await harness.call('/applications/1/commands', init)).status).toBe(404);
  });

  it('replaces them all and gives each an id', async () => {
    const { json } = await put([{ name: 'one', description: 'One' }]);
    expect(json).toMatchObject([{ name: 'one', application_id: APPLICATION_ID, id: expect.any(String) }]);
  });
});
