import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createPassThrough,
  type PassThrough,
  type PassThroughOptions,
} from '../../../local/runner/pass-through.ts';

let upstream: Server;
let front: Server;
let passOn: PassThrough;
let answer: RequestListener;

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** How the next call is passed on. */
let options: PassThroughOptions;

const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

beforeEach(async () => {
  upstream = createServer((incoming, response) => answer(incoming, response));
  passOn = createPassThrough(await listen(upstream));
  options = {};
  front = createServer((incoming, response) => passOn(incoming, response, options));
  await listen(front);
});
afterEach(() => {
  passOn.close();
  for (const server of [upstream, front]) {
    server.close();
    server.closeAllConnections();
  }
});

/** Without what an HTTP client of comfort would change. */
function send(
  method: string,
  path: string,
  headers: Record<string, string | string[]>,
  body: Buffer,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(urlOf(front));
    request({ host: '127.0.0.1', port, method, path, headers }, resolve).once('error', reject).end(body);
  });
}

describe('passing a call on', () => {
  it('changes nothing of it', async () => {
    let seen: { method?: string; url?: string; rawHeaders: string[]; body: Buffer } | undefined;
    answer = async (incoming, response) => {
      const { method, url, rawHeaders } = incoming;
      seen = { ...(method && { method }), ...(url && { url }), rawHeaders, body: await buffer(incoming) };
      response.end();
    };
    const body = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    await send(
      'PUT',
      '/2015-03-31/functions/a%2Fb/code?x=1&x=%20',
      {
        Host: 'lambda.example:1',
        Authorization: 'AWS4-HMAC-SHA256 x',
        'X-Twice': ['1', '2'],
        'Content-Length': '256',
      },
      body,
    );
    expect(seen?.method).toBe('PUT');
    expect(seen?.url).toBe('/2015-03-31/functions/a%2Fb/code?x=1&x=%20');
    expect(seen?.body).toEqual(body);
    const headers = seen?.rawHeaders ?? [];
    const valuesOf = (name: string) => headers.filter((_, at) => at % 2 === 1 && headers[at - 1] === name);
    expect(valuesOf('Host')).toEqual(['lambda.example:1']);
    expect(valuesOf('Authorization')).toEqual(['AWS4-HMAC-SHA256 x']);
    expect(valuesOf('X-Twice')).toEqual(['1', '2']);
  });

  it('changes nothing of the answer, error or not', async () => {
    answer = (_incoming, response) => {
      response.writeHead(418, 'Teapot', ['X-Amzn-ErrorType', 'Teapot', 'Set-Cookie', 'a', 'Set-Cookie', 'b']);
      response.end(Buffer.from([0, 255]));
    };
    const response = await send('GET', '/', {}, Buffer.alloc(0));
    expect([response.statusCode, response.statusMessage]).toEqual([418, 'Teapot']);
    expect(response.headers['set-cookie']).toEqual(['a', 'b']);
    expect(response.rawHeaders).toContain('X-Amzn-ErrorType');
    expect(await buffer(response)).toEqual(Buffer.from([0, 255]));
  });

  it('takes a body and headers in place of the caller’s', async () => {
    let seen: object = {};
    answer = async (incoming, response) => {
      const { 'x-one': one, 'x-two': two } = incoming.headers;
      seen = { one, two, body: (await buffer(incoming)).toString() };
      response.end();
    };
    const body = Readable.from([Buffer.from('of'), Buffer.from('ours')]);
    options = { body, headers: { 'x-one': '1', 'x-two': undefined } };
    await send('PUT', '/', { 'X-One': '0', 'X-Two': '2', 'Content-Length': '6' }, Buffer.from('theirs'));
    expect(seen).toEqual({ one: '1', two: undefined, body: 'ofours' });
  });

  it('lets an answer be replaced', async () => {
    let told: ServerResponse | undefined;
    front.prependListener('request', (_incoming, response) => {
      told = response;
    });
    answer = (incoming, response) => response.writeHead(incoming.url === '/no' ? 404 : 200).end('theirs');
    options = {
      replace: async ({ statusCode }) => {
        if (statusCode === 404) told?.writeHead(403).end('ours');
        return statusCode === 404;
      },
    };
    const bodyOf = async (path: string) =>
      (await buffer(await send('GET', path, {}, Buffer.alloc(0)))).toString();
    expect([await bodyOf('/no'), await bodyOf('/yes')]).toEqual(['ours', 'theirs']);
  });

  it('does not wait for the end of an answer', async () => {
    let finish = () => {};
    answer = (_incoming, response) => {
      response.write('first');
      finish = () => response.end('last');
    };
    const response = await send('GET', '/', {}, Buffer.alloc(0));
    const first = await new Promise<Buffer>((resolve) => response.once('data', resolve));
    expect(first.toString()).toBe('first');
    finish();
  });

  it('says in Lambda’s way that there is nobody to pass it on to', async () => {
    upstream.close();
    upstream.closeAllConnections();
    const response = await send('POST', '/', {}, Buffer.from('x'));
    expect(response.statusCode).toBe(500);
    expect(response.headers['x-amzn-errortype']).toBe('ServiceException');
    expect((await buffer(response)).toString()).toContain('The embedded AWS did not answer');
  });

  it('lets go of the cloud when the caller has gone', async () => {
    const gone = new Promise<void>((resolve) => {
      answer = (incoming) => void incoming.once('close', resolve);
    });
    const { port } = new URL(urlOf(front));
    const call = request({ host: '127.0.0.1', port });
    call.on('error', () => undefined);
    call.end();
    await new Promise<void>((resolve) => upstream.once('request', () => resolve()));
    call.destroy();
    await gone;
  });
});
