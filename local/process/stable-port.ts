/**
 * A free port of 127.0.0.1 that stays the same from start to start where it can: deployed functions carry
 * the addresses of the local cloud, and an address that changed would mean another deploy.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';

const HOST = '127.0.0.1';

/** @param memory file that {@link rememberPort} wrote */
export async function chooseStablePort(memory: string): Promise<number> {
  const last = Number(await readFile(memory, 'utf8').catch(() => ''));
  const known = Number.isInteger(last) && last > 1023 && last < 65_536;
  return known && (await isFree(last)) ? last : listenOnce(0);
}

/** To be called once the port is really in use. */
export async function rememberPort(memory: string, port: number): Promise<void> {
  await writeFile(memory, String(port));
}

export async function isFree(port: number): Promise<boolean> {
  try {
    await listenOnce(port);
    return true;
  } catch {
    return false;
  }
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, HOST, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port));
    });
  });
}
