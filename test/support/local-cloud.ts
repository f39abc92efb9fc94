/** Global setup of the tests that share one embedded AWS: starts it, and says where it is. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { createLog } from '../../functions/shared/log.ts';
import { startMinistack } from '../../local/cloud/ministack.ts';
import { ensureSetup } from '../../scripts/setup.mjs';

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const setup = await ensureSetup({ need: ['cloud'] });
  const home = await mkdtemp(join(tmpdir(), 'slashbox-cloud-'));
  const log = createLog({}, () => undefined);
  const cloud = await startMinistack({ python: setup.python.cloud, home, log });
  project.provide('cloudEndpoint', cloud.endpoint);
  return async () => {
    await cloud.stop();
    await rm(home, { recursive: true, force: true });
  };
}
