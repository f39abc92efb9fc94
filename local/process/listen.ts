/** Puts a server on a port of 127.0.0.1: a given one, any free one, or the one that it had the last time. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chooseStablePort, rememberPort } from './stable-port.ts';

export interface ListenOptions {
  /** @default any free one, or the one in `memory` */
  readonly port?: number;
  /** File that remembers the port from start to start. */
  readonly memory?: string;
}

export interface Listening {
  readonly port: number;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
}

const HOST = '127.0.0.1';

/** @throws where the port is taken, with the system's `EADDRINUSE` as code */
export async function listen(server: Server, { port = 0, memory }: ListenOptions = {}): Promise<Listening> {
  const wanted = port || (memory === undefined ? 0 : await chooseStablePort(memory));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(wanted, HOST, resolve);
  });
  const used = (server.address() as AddressInfo).port;
  if (memory !== undefined) await rememberPort(memory, used);
  return { port: used, url: `http://${HOST}:${used}` };
}
