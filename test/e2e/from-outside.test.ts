/**
 * The documented settings: a client that knows nothing of our fake Discord signs, serves attachments and
 * receives replies by itself.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../functions/shared/log.ts';
import { readSettings } from '../../local/settings.ts';
import { type RunningSlashbox, startSlashbox } from '../../local/slashbox.ts';
import { PROJECT_ROOT } from '../../scripts/lib/paths.mjs';
import { ensureSetup } from '../../scripts/setup.mjs';
import { textsOf } from '../support/discord-rules.ts';
import { type AttachmentBody, command, createSigner } from '../support/interactions.ts';

const signer = createSigner();
const edits = new Map<string, FormData>();
const waiting = new Map<string, () => void>();
let home: string;
let outside: Server;
let host: string;
let box: RunningSlashbox;

beforeAll(async () => {
  const setup = await ensureSetup();
  home = await mkdtemp(join(tmpdir(), 'slashbox-outside-'));
  outside = createServer(async (request, response) => {
    if (request.method === 'GET') return response.end('a,b\n1,2\n');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const type = request.headers['content-type'] ?? '';
    const form = type.startsWith('multipart/')
      ? await new Response(Buffer.concat(chunks), { headers: { 'content-type': type } }).formData()
      : new FormData();
    if (!type.startsWith('multipart/')) form.set('payload_json', Buffer.concat(chunks).toString());
    const key = `${request.method} ${decodeURIComponent(request.url ?? '')}`;
    edits.set(key, form);
    waiting.get(key)?.();
    return response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"1"}');
  });
  await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(outside.address() as AddressInfo).port}`;
  box = await startSlashbox({
    settings: readSettings(
      {
        PORT: '0',
        SLASHBOX_HOME: home,
        DISCORD_PUBLIC_KEY: signer.publicKey,
        DISCORD_APPLICATION_ID: '222222222222222222',
        DISCORD_API_BASE: `http://${host}/api`,
        DISCORD_CDN_HOSTS: host,
        SLASHBOX_OUTPUT_CHARS: '1000',
        SLASHBOX_MEMORY_MB: '512',
      },
      PROJECT_ROOT,
    ),
    projectDir: PROJECT_ROOT,
    python: setup.python,
    packages: setup.packages ?? '',
    log: createLog({}, () => undefined),
  });
}, 180_000);

afterAll(async () => {
  await box?.stop();
  outside?.close();
  await rm(home, { recursive: true, force: true });
});

async function post(interaction: object) {
  const body = JSON.stringify(interaction);
  const timestamp = String(Math.floor(Date.now() / 1000));
  return fetch(`${box.url}interactions`, {
    method: 'POST',
    headers: { 'x-signature-ed25519': signer.sign(body, timestamp), 'x-signature-timestamp': timestamp },
    body,
  });
}

/** Sends an interaction and waits for the edit of its answer. */
async function carryOut(interaction: ReturnType<typeof command>) {
  const key = `PATCH /api/v10/webhooks/222222222222222222/${interaction.token}/messages/@original`;
  const edited = new Promise<void>((resolve) => waiting.set(key, resolve));
  expect(await (await post(interaction)).json()).toMatchObject({ type: 5 });
  if (!edits.has(key)) await edited;
  const form = edits.get(key);
  const body = JSON.parse(String(form?.get('payload_json')));
  return { text: textsOf(body).join('\n'), file: form?.get('files[0]') };
}

describe('driven from outside', () => {
  it('says when it is ready, and which commands it has', async () => {
    expect((await fetch(`${box.url}healthz`)).status).toBe(200);
    const commands = (await (await fetch(`${box.url}commands.json`)).json()) as { name: string }[];
    expect(commands.map(({ name }) => name)).toEqual(expect.arrayContaining(['run', 'upload', 'files']));
  });

  it('stores an attachment from the given host and uses it in a run', async () => {
    const file: AttachmentBody = { id: '5', filename: 'x.csv', size: 8, url: `http://${host}/x.csv` };
    const stored = await carryOut(command({ name: 'upload', options: { file: '5' }, attachments: [file] }));
    expect(stored.text).toContain('**Stored** `x.csv`');
    const code = 'import pandas as pd\npd.read_csv("x.csv").plot()\nprint("drawn")';
    const drawn = await carryOut(command({ options: { code } }));
    expect(drawn.text).toContain('drawn');
    expect(drawn.file).toMatchObject({ name: 'figure-1.png' });
  });

  it('fetches from no other host, not even Discord’s own', async () => {
    const url = 'https://cdn.discordapp.com/attachments/1/2/x.csv';
    const file: AttachmentBody = { id: '5', filename: 'x.csv', size: 8, url };
    const answer = await carryOut(command({ name: 'upload', options: { file: '5' }, attachments: [file] }));
    expect(answer.text).toContain('does not come from Discord');
  });

  it('keeps to lowered limits', async () => {
    const long = await carryOut(command({ options: { code: 'print("x" * 5000)' } }));
    expect(long.text).toContain('Output past 1,000 characters was dropped');
    const large = await carryOut(command({ options: { code: 'x = bytearray(900_000_000); print("no")' } }));
    expect(large.text).toMatch(/Out of memory|MemoryError/);
  });

  it('refuses the playground’s own signature', async () => {
    expect((await box.discord.ping()).status).toBe(401);
  });
});
