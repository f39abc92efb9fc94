/** Hands a request on to the embedded cloud and its answer back: method, path, headers and bytes as they are. */
import { Agent, type IncomingMessage, type ServerResponse, request as sendRequest } from 'node:http';
import { pipeline } from 'node:stream';
import { serviceError, writeError } from './lambda-errors.ts';

export interface PassThrough {
  (request: IncomingMessage, response: ServerResponse): void;
  close(): void;
}

export function createPassThrough(cloudEndpoint: string): PassThrough {
  const { hostname, port } = new URL(cloudEndpoint);
  const agent = new Agent({ keepAlive: true });

  function passThrough(request: IncomingMessage, response: ServerResponse): void {
    const { method, url, rawHeaders } = request;
    const onward = sendRequest({ hostname, port, method, path: url, agent }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage, answer.rawHeaders);
      pipeline(answer, response, () => undefined);
    });
    for (const [name, values] of grouped(rawHeaders)) onward.setHeader(name, values);
    onward.on('error', (error) => {
      writeError(response, serviceError(`The embedded AWS did not answer: ${error.message}`), '');
    });
    request.pipe(onward);
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
