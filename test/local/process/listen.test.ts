import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listen } from '../../../local/process/listen.ts';

let folder: string;
let servers: Server[];
const server = (): Server => {
  const made = createServer((_, response) => response.end('here'));
  servers.push(made);
  return made;
};
const close = (one: Server) => new Promise((resolve) => one.close(resolve));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slashbox-listen-'));
  servers = [];
});
afterEach(async () => {
  await Promise.all(servers.map((one) => one.listening && close(one)));
  await rm(folder, { recursive: true });
});

describe('listening', () => {
  it('takes any free port of loopback, and says which', async () => {
    const { port, url } = await listen(server());
    expect(url).toBe(`http://127.0.0.1:${port}`);
    expect(await (await fetch(url)).text()).toBe('here');
  });

  it('takes the port of the last time where it is free, and another where it is not', async () => {
    const memory = join(folder, 'port');
    const first = server();
    const { port } = await listen(first, { memory });
    expect((await listen(server(), { memory })).port).not.toBe(port);
    await close(first);
    const again = server();
    const { port: remembered } = await listen(again, { port, memory });
    expect(remembered).toBe(port);
    await close(again);
    expect((await listen(server(), { memory })).port).toBe(port);
  });

  it('fails where the port that it has to be is taken', async () => {
    const { port } = await listen(server());
    await expect(listen(server(), { port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
