import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chooseStablePort, rememberPort } from '../../../local/process/stable-port.ts';

let folder = '';
let memory = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slashbox-port-'));
  memory = join(folder, 'port');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a stable port', () => {
  it('is the one that was remembered', async () => {
    const port = await chooseStablePort(memory);
    await rememberPort(memory, port);
    expect(await chooseStablePort(memory)).toBe(port);
  });

  it('is another where somebody has taken it', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await rememberPort(memory, port);
    expect(await chooseStablePort(memory)).not.toBe(port);
    server.close();
  });

  it.each(['', 'x', '80', '99999', '-1', '1e4.5'])('does not trust a memory of %j', async (text) => {
    await writeFile(memory, text);
    expect(await chooseStablePort(memory)).toBeGreaterThan(1023);
  });
});
