/** Hands a request on to the embedded cloud and its answer back: method, path, headers and bytes as they are. */
import { Agent, type IncomingMessage, type ServerResponse, request as sendRequest } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { serviceError, writeError } from './lambda-errors.ts';

export interface PassThroughOptions {
  /** In place of the request's own, of which something has been read. */
  readonly body?: Readable;
  /** In place of the request's own; undefined leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Sees the answer before it is passed back; true where it has sent one of its own. */
  readonly replace?: (answer: IncomingMessage) => Promise<boolean>;
}

export interface PassThrough {
  (request: IncomingMessage, response: ServerResponse, options?: PassThroughOptions): void;
  close(): void;
}

export function createPassThrough(cloudEndpoint: string): PassThrough {
  const { hostname, port } = new URL(cloudEndpoint);
  const agent = new Agent({ keepAlive: true });

  function passThrough(
    request: IncomingMessage,
    response: ServerResponse,
    { body = request, headers = {}, replace }: PassThroughOptions = {},
  ): void {
    const { method, url, rawHeaders } = request;
    const onward = sendRequest({ hostname, port, method, path: url, agent });
    const fail = (error: Error) =>
      writeError(response, serviceError(`The embedded AWS did not answer: ${error.message}`), '');
    onward.on('response', (answer) => {
      const give = (replaced = false) => {
        if (replaced) return answer.resume();
        response.writeHead(answer.statusCode ?? 502, answer.statusMessage, answer.rawHeaders);
        return pipeline(answer, response, () => undefined);
      };
      if (replace) replace(answer).then(give).catch(fail);
      else give();
    });
    for (const [name, values] of grouped(rawHeaders)) onward.setHeader(name, values);
    for (const [name, value] of Object.entries(headers)) {
      if (value === undefined) onward.removeHeader(name);
      else onward.setHeader(name, value);
    }
    onward.on('error', fail);
    body.once('error', (error) => onward.destroy(error)).pipe(onward);
    response.on('close', () => {
      if (!response.writableFinished) onward.destroy();
    });
  }
  return Object.assign(passThrough, { close: () => agent.destroy() });
}

/** Headers with their own spelling, repeated ones together. */
function grouped(rawHeaders: readonly string[]): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    headers.set(name, [...(headers.get(name) ?? []), rawHeaders[at + 1] ?? '']);
  }
  return headers;
}
