/** A fake Discord and a small application behind it, which verifies signatures and answers as told. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { verifyKey } from 'discord-interactions';
import type { Exchange } from '../../../local/discord/exchange.ts';
import { serveFakeDiscord } from '../../../local/discord/serve.ts';

export const APPLICATION_ID = '1200000000000000000';

export interface HttpReply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly text?: string;
}

type Answer = object | ((interaction: Record<string, unknown>) => object | HttpReply | Promise<object>);

interface HarnessOptions {
  readonly attachmentSizeLimit?: number;
  readonly maxUploadBytes?: number;
  readonly answerDeadlineMs?: number;
}

export const COMMANDS = [
  {
    name: 'run',
    type: 1,
    description: 'Run code',
    options: [
      { type: 3, name: 'code', description: 'Code', max_length: 100, min_length: 2 },
      { type: 11, name: 'attach', description: 'A file' },
      { type: 3, name: 'files', description: 'Stored files', autocomplete: true },
      { type: 4, name: 'count', description: 'How often', min_value: 1, max_value: 9 },
      { type: 3, name: 'mode', description: 'How', choices: [{ name: 'Fast', value: 'fast' }] },
    ],
  },
  {
    name: 'file',
    type: 1,
    description: 'One file',
    options: [
      {
        type: 1,
        name: 'get',
        description: 'Get it',
        options: [{ type: 3, name: 'file', description: 'Which', required: true }],
      },
    ],
  },
  { name: 'Run code', type: 3 },
];

/** @returns a new fake with a clock of its own; `answerWith` says what the application answers next */
export async function createHarness(options: HarnessOptions = {}) {
  let answer: Answer = { type: 5 };
  let time = Date.UTC(2026, 10, 23);
  const received: { headers: Record<string, unknown>; body: Buffer }[] = [];
  const application = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    received.push({ headers: request.headers, body });
    const { 'x-signature-ed25519': signature = '', 'x-signature-timestamp': timestamp = '' } =
      request.headers;
    if (!(await verifyKey(body, String(signature), String(timestamp), served.discord.publicKey))) {
      response.writeHead(401).end();
      return;
    }
    const interaction = parse(body);
    if (!interaction) {
      response.writeHead(400).end();
      return;
    }
    if (interaction.type === 1) {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"type":1}');
      return;
    }
    const given = typeof answer === 'function' ? await answer(interaction) : answer;
    const reply: HttpReply = 'text' in given ? (given as HttpReply) : { text: JSON.stringify(given) };
    response.writeHead(reply.status ?? 200, reply.headers ?? { 'content-type': 'application/json' });
    response.end(reply.text);
  });
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve));
  const { port } = application.address() as AddressInfo;
  const served = await serveFakeDiscord({
    applicationId: APPLICATION_ID,
    endpoint: () => `http://127.0.0.1:${port}/interactions`,
    clock: () => time,
    ...options,
  });
  const { discord, origin } = served;
  discord.registerCommands(COMMANDS);

  const call = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${origin}/api/v10${path}`, init);
    const text = await response.text();
    const json = (text ? JSON.parse(text) : {}) as Record<string, unknown>;
    return { status: response.status, headers: response.headers, json, text };
  };
  const webhook = (exchange: Pick<Exchange, 'token'>, rest = '') =>
    `/webhooks/${APPLICATION_ID}/${exchange.token}${rest}`;
  const send = (method: string, path: string, body: unknown, files: readonly SentFile[] = []) =>
    call(path, files.length > 0 ? multipart(method, body, files) : json(method, body));

  return {
    discord,
    origin,
    received,
    call,
    send,
    answerWith(next: Answer) {
      answer = next;
    },
    advance(milliseconds: number) {
      time += milliseconds;
    },
    /** A deferred `/run`. */
    async deferred(acting: Parameters<typeof discord.invokeCommand>[0] = { name: 'run' }) {
      answer = { type: 5 };
      return discord.invokeCommand(acting);
    },
    edit: (exchange: Pick<Exchange, 'token'>, body: unknown, files: readonly SentFile[] = []) =>
      send('PATCH', webhook(exchange, '/messages/@original'), body, files),
    followUp: (exchange: Pick<Exchange, 'token'>, body: unknown, files: readonly SentFile[] = []) =>
      send('POST', webhook(exchange), body, files),
    webhook,
    async close() {
      application.closeAllConnections();
      await new Promise((resolve) => application.close(resolve));
      await served.close();
    },
  };
}

function parse(body: Buffer): Record<string, unknown> | undefined {
  try {
    return JSON.parse(body.toString()) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

export type Harness = Awaited<ReturnType<typeof createHarness>>;

export interface SentFile {
  readonly index?: number;
  readonly name: string;
  readonly content: string | Uint8Array<ArrayBuffer>;
  readonly type?: string;
}

const json = (method: string, body: unknown): RequestInit => ({
  method,
  headers: { 'content-type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

function multipart(method: string, body: unknown, files: readonly SentFile[]): RequestInit {
  const form = new FormData();
  form.set('payload_json', JSON.stringify(body));
  for (const [position, { index = position, name, content, type = '' }] of files.entries()) {
    form.set(`files[${index}]`, new Blob([content], { type }), name);
  }
  return { method, body: form };
}

/** Bodies that are right, to be changed in one place by each test. */
export const text = (content: string) => ({ type: 10, content });
export const v2 = (...components: object[]) => ({
  flags: 32_768,
  allowed_mentions: { parse: [] },
  components,
});
export const classic = (content: string) => ({ content, allowed_mentions: { parse: [] } });
export const button = (rest: object = {}) => ({ type: 2, style: 2, label: 'Go', custom_id: 'go', ...rest });
export const row = (...components: object[]) => ({ type: 1, components });
