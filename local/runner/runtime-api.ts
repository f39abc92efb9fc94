/**
 * The server side of Lambda's Runtime API (docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html), one
 * secret address for each execution environment: a process that was not told the address can neither take an
 * invocation nor answer one, its own or anyone else's.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from '../process/listen.ts';
import { readBody } from './body.ts';
import type { Invocation } from './invocation.ts';
import { MAX_RESPONSE_BYTES } from './lambda-errors.ts';

export interface Delivery {
  readonly invocation: Invocation;
  readonly functionArn: string;
  /** Unix milliseconds. */
  readonly deadline: number;
}

/** What an environment lets its runtime do. A refusal says why; undefined accepts. */
export interface RuntimeSide {
  /** The next invocation; or a refusal at once. Abandoned when `gone` aborts. */
  next(gone: AbortSignal): Promise<Delivery> | Refusal;
  /** @param payload undefined where it is over the limit */
  respond(invocationId: string, payload: Buffer | undefined): Refusal | undefined;
  reportError(invocationId: string, payload: Buffer): Refusal | undefined;
  reportInitError(payload: Buffer): Refusal | undefined;
}

export interface Refusal {
  readonly status: 400 | 403;
  readonly errorType: string;
  readonly errorMessage: string;
}

export interface RuntimeApi {
  /** @returns the address for `AWS_LAMBDA_RUNTIME_API`: host, port and secret path */
  open(side: RuntimeSide): string;
  shut(address: string): void;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const ROUTE =
  /^\/([^/]+)\/2018-06-01\/runtime\/(?:invocation\/(?:(next)|([\w-]+)\/(response|error))|(init\/error))$/;
const STRANGER: Refusal = {
  status: 403,
  errorType: 'Forbidden',
  errorMessage: 'This address belongs to no execution environment.',
};
/** An error's description; the rest of a longer one is not worth keeping. */
const MAX_ERROR_BYTES = 1_048_576;

export async function startRuntimeApi(): Promise<RuntimeApi> {
  const sides = new Map<string, RuntimeSide>();
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  // A runtime is silent for as long as its code runs; its connection must not be closed under it.
  server.keepAliveTimeout = 0;
  const { port } = await listen(server);

  return {
    open(side) {
      const secret = randomBytes(24).toString('base64url');
      sides.set(secret, side);
      return `${HOST}:${port}/${secret}`;
    },
    shut: (address) => void sides.delete(address.slice(address.indexOf('/') + 1)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, secret = '', next, id = '', action, init] = ROUTE.exec(request.url ?? '') ?? [];
    const side = sides.get(secret);
    if (!side) return refuse(response, STRANGER);
    if (request.method !== (next ? 'GET' : 'POST')) return void response.writeHead(405).end();
    if (next) return deliver(side, response);
    if (action === 'response') {
      const payload = await readBody(request, MAX_RESPONSE_BYTES);
      const refusal = side.respond(id, payload);
      if (refusal) return refuse(response, refusal);
      return payload ? accept(response) : refuseLarge(response);
    }
    const payload = (await readBody(request, MAX_ERROR_BYTES)) ?? Buffer.from('{}');
    const refusal = init ? side.reportInitError(payload) : side.reportError(id, payload);
    return refusal ? refuse(response, refusal) : accept(response);
  }
}

async function deliver(side: RuntimeSide, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const next = await side.next(gone.signal);
  if ('errorType' in next) return refuse(response, next);
  const { invocation, functionArn, deadline } = next;
  response
    .writeHead(200, {
      'Content-Type': 'application/json',
      'Lambda-Runtime-Aws-Request-Id': invocation.id,
      'Lambda-Runtime-Deadline-Ms': String(deadline),
      'Lambda-Runtime-Invoked-Function-Arn': functionArn,
      'Lambda-Runtime-Trace-Id': invocation.traceId,
      'Lambda-Runtime-Aws-Tenant-Id': invocation.tenantId,
      ...(invocation.clientContext !== undefined && {
        'Lambda-Runtime-Client-Context': invocation.clientContext,
      }),
      'Content-Length': invocation.payload.length,
    })
    .end(invocation.payload);
}

function accept(response: ServerResponse): void {
  response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}');
}

function refuse(response: ServerResponse, { status, errorType, errorMessage }: Refusal): void {
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(JSON.stringify({ errorMessage, errorType }));
}

function refuseLarge(response: ServerResponse): void {
  const errorMessage = `Exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`;
  response
    .writeHead(413, { 'content-type': 'application/json' })
    .end(JSON.stringify({ errorMessage, errorType: 'RequestEntityTooLarge' }));
}
