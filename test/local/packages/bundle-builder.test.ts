/** The real build, in a checkout of its own with three small packages, from a package index on loopback. */
import { cp, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BundleBuilder, createBundleBuilder } from '../../../local/packages/bundle-builder.ts';
import { PROJECT_ROOT, type SetupPaths, setupPaths } from '../../../scripts/lib/paths.mjs';
import { ensureSetup } from '../../../scripts/setup.mjs';
import { writeApproved } from '../../support/approved-list.ts';
import { type Release, startWheelIndex, type WheelIndex } from '../../support/wheel-index.ts';

const APPROVED = `
[[package]]
name = "amber"
why = "in the layer"
core = true

[[package]]
name = "birch"
why = "a bundle, which requires cedar"

[[package]]
name = "elm"
why = "a bundle whose wheel is gone"
`;
const of = (name: string, requires: readonly string[] = []): Release => ({
  name,
  version: '1.0',
  requires,
  source: 'VERSION = "1.0"\n',
});
const RELEASES = [of('amber'), of('birch', ['cedar']), of('cedar'), of('elm')];

let root: string;
let index: WheelIndex;
let paths: SetupPaths;
const problems: string[] = [];

beforeAll(async () => {
  await ensureSetup({ need: ['tools', 'executor'] });
  root = await mkdtemp(join(tmpdir(), 'slashbox-first-use-'));
  const own = setupPaths();
  // A checkout in all that the build reads, with the programs of this one.
  await cp(join(PROJECT_ROOT, 'layers'), join(root, 'layers'), { recursive: true });
  paths = { ...own, root };
  index = await startWheelIndex();
  for (const release of RELEASES) index.publish(release);
  const approved = join(root, 'layers', 'approved');
  await writeApproved(approved, paths.python('executor'), { approved: APPROVED, releases: RELEASES, index });
  index.withdraw('elm', '1.0');
}, 120_000);
afterAll(async () => {
  await index?.close();
  await rm(root, { recursive: true, force: true });
});

const builderFor = (url: string): BundleBuilder =>
  createBundleBuilder({
    paths,
    folder: join(root, 'environment'),
    env: { ...process.env, UV_DEFAULT_INDEX: url, UV_INDEX_URL: undefined },
    onProblem: (problem) => problems.push(problem),
  });

describe('a builder', () => {
  it('builds what a package needs beside the layer, and tells how far it is', {
    timeout: 60_000,
  }, async () => {
    const told: string[] = [];
    const bundles = await builderFor(index.url).build('birch', (progress) => told.push(progress));
    expect(Object.keys(bundles)).toEqual(['birch', 'cedar']);
    expect(told[0]).toMatch(/^2 packages to build, 0 MB unpacked$/);
    expect(told.at(-1)).toMatch(/^2\/2 \w+ 1\.0 \([\d.]+ s\)$/);
    for (const { key, bytes } of Object.values(bundles)) {
      const file = join(root, 'environment', 'bundles', key.split('/').at(-1) ?? '');
      expect((await stat(file)).size).toBe(bytes);
    }
  });

  it('only describes what is built, without an index', { timeout: 60_000 }, async () => {
    const builder = builderFor('http://127.0.0.1:9/simple');
    const built = await builderFor(index.url).build('birch', () => undefined);
    expect(await builder.build('birch', () => undefined)).toEqual(built);
  });

  it('says in one sentence why a package cannot be built, and keeps uv’s words for the operator', {
    timeout: 60_000,
  }, async () => {
    const build = (url: string) => builderFor(url).build('elm', () => undefined);
    await expect(build(index.url)).rejects.toThrow(
      /^elm 1\.0 has no wheel for this target that the lock allows$/,
    );
    expect(problems.at(-1)).toMatch(/ \[uv: .*elm/);
    await expect(build('http://127.0.0.1:9/simple')).rejects.toThrow(
      /^The package registry cannot be reached[^[]*$/,
    );
  });

  it('refuses what is not on the list', { timeout: 60_000 }, async () => {
    const build = builderFor(index.url).build('requests', () => undefined);
    await expect(build).rejects.toThrow(/^requests is not on the approved list/);
  });

  it('ends what it builds when it is closed', { timeout: 60_000 }, async () => {
    const slow = join(root, 'slow-uv');
    await mkdir(root, { recursive: true });
    await writeFile(slow, '#!/bin/sh\nexec sleep 600\n', { mode: 0o755 });
    const builder = createBundleBuilder({
      paths: { ...paths, uv: slow },
      folder: join(root, 'another'),
      env: { ...process.env, UV_DEFAULT_INDEX: index.url },
    });
    let closing: Promise<void> | undefined;
    const build = builder.build('birch', () => {
      closing ??= builder.close();
    });
    await expect(build).rejects.toThrow('the build was stopped');
    await closing;
    await expect(builder.build('birch', () => undefined)).rejects.toThrow('Slashbox is stopping');
  });
});
