import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createFakeDiscord } from '../../local/discord/fake-discord.ts';
import { startPlayground } from '../../local/playground/server.ts';
import { OperatorError } from '../../scripts/lib/arguments.ts';
import { explainStartError } from '../../scripts/lib/start-errors.ts';

const settings = { port: 8787, home: '/data' };
const failure = (started: Promise<unknown>): Promise<unknown> =>
  started.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('what keeps npm start from starting', () => {
  it('is a port that somebody else has', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const discord = createFakeDiscord({ applicationId: '1', endpoint: () => '', origin: () => '' });
    const start = startPlayground({
      port,
      discord,
      interactionsUrl: () => null,
      health: () => ({ ready: false, detail: '' }),
    });
    const error = explainStartError(await failure(start), { ...settings, port });
    other.close();
    expect(error).toBeInstanceOf(OperatorError);
    expect((error as Error).message).toBe(
      `port ${port} is taken by another program. Stop it, or choose another port: PORT=${port + 1} npm start`,
    );
  });

  it('is a home that cannot be a folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'slashbox-test-'));
    await writeFile(join(folder, 'file'), '');
    const error = explainStartError(
      await failure(mkdir(join(folder, 'file', 'home'), { recursive: true })),
      settings,
    );
    await rm(folder, { recursive: true });
    expect((error as Error).message).toContain('the folder /data cannot be written (ENOTDIR)');
  });

  it('is anything else as it is, with its stack', () => {
    const error = new Error('a defect');
    expect(explainStartError(error, settings)).toBe(error);
  });
});
