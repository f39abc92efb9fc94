/** The playground's server: what it answers, what it hands on, and whom it turns away. */
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createFakeDiscord, type FakeDiscord } from '../../../local/discord/fake-discord.ts';
import { Activity } from '../../../local/playground/activity.ts';
import type { Health, PageEvent, PageState } from '../../../local/playground/page-protocol.ts';
import { type Playground, startPlayground } from '../../../local/playground/server.ts';

let playground: Playground;
let discord: FakeDiscord;
let api: Server;
let apiUrl: string | null;
let health: Health;
let answer: object;
const received: { headers: Record<string, unknown>; body: Buffer }[] = [];

beforeAll(async () => {
  api = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    received.push({ headers: request.headers, body: Buffer.concat(chunks) });
    response.writeHead(request.url === '/teapot' ? 418 : 200, {
      'content-type': 'application/json',
      'x-secret': 'a',
    });
    response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  discord = createFakeDiscord({
    applicationId: '1200000000000000000',
    endpoint: () => `${playground.origin}/interactions`,
    origin: () => playground.origin,
    maxUploadBytes: 100_000,
  });
  discord.registerCommands([{ name: 'run', description: 'Run' }]);
  playground = await startPlayground({
    port: 0,
    discord,
    interactionsUrl: () => apiUrl,
    health: () => health,
    notices: ['A notice.'],
    activity,
    log: () => undefined,
  });
});
afterAll(async () => {
  await playground.close();
  await discord.close();
  await new Promise((resolve) => api.close(resolve));
});
beforeEach(() => {
  apiUrl = `http://127.0.0.1:${(api.address() as AddressInfo).port}/prod/interactions`;
  health = { ready: true, detail: 'Everything runs.' };
  answer = { type: 5 };
});

const activity = new Activity();

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(playground.origin + path, { headers });
const action = (body: object, headers: Record<string, string> = { 'x-slashbox-page': '1' }) =>
  fetch(`${playground.origin}/page/actions`, { method: 'POST', headers, body: JSON.stringify(body) });
const ada = () => discord.users[0]?.id ?? '';
const grace = () => discord.users[1]?.id ?? '';

describe('health', () => {
  it('is 200 once ready', async () => {
    const response = await get('/healthz');
    expect([response.status, await response.json()]).toEqual([
      200,
      { status: 'ok', detail: 'Everything runs.' },
    ]);
  });

  it('is 503 with words before', async () => {
    health = { ready: false, detail: 'Deploying.' };
    const response = await get('/healthz');
    expect([response.status, await response.json()]).toEqual([
      503,
      { status: 'starting', detail: 'Deploying.' },
    ]);
  });
});

it('shows the registered commands', async () => {
  expect(await (await get('/commands.json')).json()).toMatchObject([{ name: 'run', id: expect.any(String) }]);
});

describe('POST /interactions', () => {
  const post = (body: BodyInit | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    fetch(`${playground.origin}/interactions`, { method: 'POST', headers, body });
  type BodyInit = string | ReadableStream<Uint8Array>;

  it('hands on the bytes and the signature, and nothing else', async () => {
    const body = Uint8Array.of(123, 0, 255, 10);
    await post(body, {
      'x-signature-ed25519': 'ab',
      'x-signature-timestamp': '12',
      'x-forwarded-for': '1.2.3.4',
      'x-ministack-reset': '1',
      cookie: 'a=b',
    });
    const last = received.at(-1);
    expect(last?.body).toEqual(Buffer.from(body));
    expect(last?.headers).toMatchObject({ 'x-signature-ed25519': 'ab', 'x-signature-timestamp': '12' });
    for (const name of ['x-forwarded-for', 'x-ministack-reset', 'cookie'])
      expect(last?.headers).not.toHaveProperty(name);
  });

  it('gives status and body back as they are', async () => {
    apiUrl = apiUrl?.replace(/\/prod.*/, '/teapot') ?? null;
    answer = { some: 'body' };
    const response = await post('{}');
    expect([response.status, await response.text()]).toEqual([418, '{"some":"body"}']);
    expect(response.headers.has('x-secret')).toBe(false);
  });

  it.each(['with its length', 'without'])('refuses more than 10 MiB, told %s', async (how) => {
    const before = received.length;
    const bytes = new Uint8Array(11 * 1024 * 1024);
    const url = `${playground.origin}/interactions`;
    const body = how === 'without' ? new Blob([bytes]).stream() : bytes;
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
    expect((await fetch(url, init)).status).toBe(413);
    expect(received).toHaveLength(before);
  });

  it('says so while nothing is deployed, and where nothing answers', async () => {
    apiUrl = null;
    expect((await post('{}')).status).toBe(503);
    apiUrl = 'http://127.0.0.1:1/';
    expect((await post('{}')).status).toBe(502);
  });

  it('takes nothing but POST', async () => {
    expect((await get('/interactions')).status).toBe(405);
  });
});

describe('the page', () => {
  it('comes with a policy that lets nothing from outside in', async () => {
    const response = await get('/');
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await response.text()).toContain('<title>');
  });

  it.each([
    '/../server.ts',
    '/%2e%2e/server.ts',
    '/..%2fserver.ts',
    '/server.ts',
    '/jsconfig.json',
    '//x/',
    '/nope.js',
  ])('does not serve %s', async (path) => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      httpRequest({ port: playground.port, host: '127.0.0.1', path }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(404);
  });

  it('gets its state', async () => {
    const state = (await (await get('/page/state')).json()) as PageState;
    expect(state).toMatchObject({
      users: [{ name: 'Ada' }, { name: 'Grace' }],
      commands: [{ name: 'run' }],
      notices: ['A notice.'],
      sendingDisabled: null,
      maxUploadBytes: 100_000,
      health: { ready: true },
    });
  });

  it('is told nothing of interaction tokens', async () => {
    const { token } = await discord.invokeCommand({ name: 'run' });
    expect(await (await get('/page/state')).text()).not.toContain(token);
    const forAda = await listen(ada());
    expect(JSON.stringify(await forAda.next())).not.toContain(token);
    forAda.close();
  });
});

it('tells the page what is being done meanwhile, and when it is over', async () => {
  activity.show('Building polars for its first use: 1/2 polars 2.1.0');
  const page = await listen(ada());
  expect(await page.next()).toMatchObject({ kind: 'channel', activity: activity.current });
  activity.show(undefined);
  expect(await page.next()).toEqual({ kind: 'activity', text: null });
  page.close();
});

async function listen(user: string) {
  const controller = new AbortController();
  const response = await fetch(`${playground.origin}/page/events?user=${user}`, {
    signal: controller.signal,
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let buffered = '';
  return {
    close: () => controller.abort(),
    async next(): Promise<PageEvent> {
      for (;;) {
        const match = /data: (.*)\n\n/.exec(buffered);
        if (match?.[1]) {
          buffered = buffered.slice(match.index + match[0].length);
          return JSON.parse(match[1]) as PageEvent;
        }
        buffered += (await reader?.read())?.value ?? '';
      }
    },
  };
}

describe('another web site', () => {
  const status = (path: string, headers: Record<string, string>, method = 'GET') =>
    new Promise<number | undefined>((resolve, reject) => {
      httpRequest({ port: playground.port, host: '127.0.0.1', path, headers, method }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end(method === 'POST' ? '{}' : undefined);
    });
  const page = { 'x-slashbox-page': '1' };

  it.each<[string, Record<string, string>]>([
    ['under a name that it points here', { host: 'evil.example' }],
    ['under a name that only looks like loopback', { host: '127.0.0.1.evil.example' }],
    ['from its own origin', { origin: 'https://evil.example' }],
    ['from a sandboxed frame', { origin: 'null' }],
    ['from another port', { origin: 'http://127.0.0.1:1' }],
    ['from another site, by the browser’s word', { 'sec-fetch-site': 'cross-site' }],
  ])('cannot use the page’s API %s', async (_, headers) => {
    expect(await status('/page/state', headers)).toBe(403);
    expect(await status('/page/actions', { ...headers, ...page }, 'POST')).toBe(403);
    expect(await status('/', headers)).toBe(403);
  });

  it('cannot send a form', async () => {
    expect((await action({ kind: 'post', user: ada(), content: 'x', attachments: [] }, {})).status).toBe(403);
  });

  it.each(['127.0.0.1', 'localhost', '[::1]'])('is not meant by %s', async (name) => {
    expect(await status('/page/state', { host: `${name}:${playground.port}` })).toBe(200);
  });
});

describe('actions', () => {
  it('send a command', async () => {
    const response = await action({ kind: 'command', user: ada(), name: 'run', options: {} });
    expect(await response.json()).toMatchObject({ ok: true });
    expect(discord.messages(ada()).at(-1)).toMatchObject({ interaction: { name: 'run' } });
  });

  it('pass Discord’s refusals on in its words', async () => {
    const response = await action({ kind: 'command', user: ada(), name: 'nope', options: {} });
    expect(await response.json()).toEqual({ ok: false, shown: 'There is no command /nope.' });
  });

  it('say when the application failed, and why', async () => {
    answer = { type: 99 };
    const body = await (await action({ kind: 'command', user: ada(), name: 'run', options: {} })).json();
    expect(body).toMatchObject({
      ok: false,
      shown: 'The application did not respond',
      reason: expect.any(String),
    });
  });

  it('open a modal and submit it', async () => {
    const field = { type: 18, label: 'A', component: { type: 4, custom_id: 'a', style: 1, required: true } };
    answer = { type: 9, data: { custom_id: 'm', title: 'Title', components: [field] } };
    const opened = (await (
      await action({ kind: 'command', user: ada(), name: 'run', options: {} })
    ).json()) as {
      modal: { id: string };
    };
    expect(opened.modal).toMatchObject({ title: 'Title', components: [{ label: 'A' }] });
    answer = { type: 5 };
    const submit = { kind: 'modal', user: ada(), modalId: opened.modal.id, files: {} };
    const empty = await action({ ...submit, values: { a: '' } });
    expect(await empty.json()).toMatchObject({ ok: false, shown: expect.stringContaining('required') });
    expect(await (await action({ ...submit, values: { a: 'x' } })).json()).toMatchObject({ ok: true });
    expect(await (await action({ ...submit, values: { a: 'x' } })).json()).toMatchObject({ ok: false });
  });

  it.each([{}, { kind: 'nope' }, { kind: 'post', user: 'x', content: '', attachments: [] }])(
    'of another shape are refused: %j',
    async (body) => {
      expect((await action(body)).status).toBe(400);
    },
  );

  it('are off where another signer is configured', async () => {
    const other = await startPlayground({
      port: 0,
      discord,
      interactionsUrl: () => apiUrl,
      health: () => health,
      sendingDisabled: 'Another signer is configured.',
    });
    const response = await fetch(`${other.origin}/page/actions`, {
      method: 'POST',
      headers: { 'x-slashbox-page': '1' },
      body: JSON.stringify({ kind: 'command', user: ada(), name: 'run', options: {} }),
    });
    expect(await response.json()).toEqual({ ok: false, shown: 'Another signer is configured.' });
    await other.close();
  });
});

describe('uploads', () => {
  const upload = (name: string, body: Uint8Array<ArrayBuffer> | string) =>
    fetch(`${playground.origin}/page/uploads?name=${encodeURIComponent(name)}&type=text/csv`, {
      method: 'POST',
      headers: { 'x-slashbox-page': '1' },
      body,
    });

  it('are kept, and can stand on a message', async () => {
    const file = (await (await upload('a.csv', 'x,y')).json()) as { uploadId: string };
    expect(file).toMatchObject({ ok: true, filename: 'a.csv', size: 3 });
    const attachments = [{ uploadId: file.uploadId }];
    await action({ kind: 'post', user: ada(), content: 'data', attachments });
    const [attachment] = discord.messages().at(-1)?.attachments ?? [];
    expect(await (await fetch(attachment?.url ?? '')).text()).toBe('x,y');
  });

  it('of nothing are files of no bytes', async () => {
    expect(await (await upload('empty.txt', '')).json()).toMatchObject({ ok: true, size: 0 });
  });

  it('over the limit are refused in words', async () => {
    const response = await upload('big.bin', new Uint8Array(3_000_000));
    expect(await response.json()).toMatchObject({
      ok: false,
      shown: expect.stringContaining('too powerful'),
    });
  });
});

describe('the stream', () => {
  it('tells of messages, and of private ones only whom they are for', async () => {
    const [forAda, forGrace] = [await listen(ada()), await listen(grace())];
    const channel = { kind: 'channel', messages: discord.messages(), activity: null };
    expect([await forAda.next(), await forGrace.next()]).toEqual([channel, channel]);
    answer = { type: 5, data: { flags: 64 } };
    const exchange = await discord.invokeCommand({ name: 'run', user: ada() });
    await discord.postMessage({ user: grace(), content: 'for all' });
    expect(await forAda.next()).toMatchObject({ kind: 'create', message: { id: exchange.message?.id } });
    expect(await forAda.next()).toMatchObject({ message: { content: 'for all' } });
    expect(await forGrace.next()).toMatchObject({ message: { content: 'for all' } });
    forAda.close();
    forGrace.close();
  });

  it('begins with the channel as it is, so that nothing is lost between loading and listening', async () => {
    answer = { type: 5, data: { flags: 64 } };
    const { message } = await discord.invokeCommand({ name: 'run', user: ada() });
    const [forAda, forGrace] = [await listen(ada()), await listen(grace())];
    const ids = async (stream: typeof forAda) => {
      const event = await stream.next();
      return event.kind === 'channel' ? event.messages.map(({ id }) => id) : [];
    };
    expect(await ids(forAda)).toContain(message?.id);
    expect(await ids(forGrace)).not.toContain(message?.id);
    forAda.close();
    forGrace.close();
  });

  it('needs a user', async () => {
    expect((await get('/page/events?user=1')).status).toBe(400);
  });
});

it('says that a port is taken', async () => {
  const again = startPlayground({
    port: playground.port,
    discord,
    interactionsUrl: () => null,
    health: () => health,
  });
  await expect(again).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
