import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../functions/shared/commands.ts';
import { OperatorError } from '../../scripts/lib/arguments.ts';
import { findBotToken } from '../../scripts/lib/bot-token.ts';
import { createApplication } from '../../scripts/lib/discord-application.ts';
import { STAGE_FILE } from '../infra/support.ts';

const TOKEN = `MTIzNDU2Nzg5MDEyMzQ1Njc4OQ.Gabcde.${'x'.repeat(38)}`;
const { discord } = STAGE_FILE;

interface Seen {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

let server: Server;
let seen: Seen[];
let answer: { status: number; body: unknown };
let apiBase: string;

beforeEach(async () => {
  seen = [];
  answer = { status: 200, body: { id: discord.applicationId, verify_key: discord.publicKey } };
  server = createServer(async (request, response) => {
    const { method, url: path, headers } = request;
    seen.push({ method, path, authorization: headers.authorization, body: await bodyOf(request) });
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  apiBase = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return chunks.length ? JSON.parse(Buffer.concat(chunks).toString()) : undefined;
}

const application = (token = TOKEN) => createApplication({ token, stage: 'prod', discord, apiBase });

describe('the application at Discord', () => {
  test('is the stage’s where id and key are', async () => {
    await application().check();
    expect(seen).toMatchObject([
      { method: 'GET', path: '/api/v10/applications/@me', authorization: `Bot ${TOKEN}` },
    ]);
  });

  test('gets all commands in one request that can be repeated', async () => {
    answer = { status: 200, body: COMMANDS };
    expect(await application().register()).toBe(COMMANDS.length);
    expect(seen).toMatchObject([
      { method: 'PUT', path: `/api/v10/applications/${discord.applicationId}/commands`, body: COMMANDS },
    ]);
  });

  test.each([
    ['another application', { id: '999', verify_key: discord.publicKey }, 'belongs to the application 999'],
    [
      'a key with a typing mistake',
      { id: discord.applicationId, verify_key: 'cd'.repeat(32) },
      `Discord says ${'cd'.repeat(32)}`,
    ],
  ])('is refused for %s', async (_, body, message) => {
    answer = { status: 200, body };
    await expect(application().check()).rejects.toThrow(OperatorError);
    await expect(application().check()).rejects.toThrow(message);
  });

  test('says that a token is no longer good', async () => {
    answer = { status: 401, body: { message: '401: Unauthorized', code: 0 } };
    await expect(application().check()).rejects.toThrow('does not accept the bot token. Reset it');
  });

  test('says what Discord did not like', async () => {
    answer = { status: 400, body: { message: 'Invalid Form Body', code: 50035 } };
    await expect(application().register()).rejects.toThrow('Discord refused (HTTP 400): Invalid Form Body');
  });

  test('says that Discord cannot be reached', async () => {
    server.close();
    server.closeAllConnections();
    await expect(application().check()).rejects.toThrow('Discord could not be reached');
  });

  test.each(['', 'short', `${TOKEN}\nX-Evil: 1`, `Bot ${TOKEN}`])(
    'never sends what cannot be a token',
    (token) => {
      expect(() => application(token)).toThrow('does not look like one');
      expect(seen).toEqual([]);
    },
  );

  test('never shows the token in an error', async () => {
    for (const status of [400, 401, 403, 404]) {
      answer = { status, body: { message: 'no', code: 1 } };
      const error = await application()
        .register()
        .catch((caught: unknown) => caught);
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(TOKEN);
    }
    expect(() => application(`${TOKEN} `)).not.toThrow(TOKEN);
  });
});

test('the bot token is taken from the environment before anything is asked', async () => {
  const environment = { DISCORD_BOT_TOKEN: ` ${TOKEN}\n` };
  expect(await findBotToken({ stage: 'prod', region: 'eu-central-1', environment })).toBe(TOKEN);
});
