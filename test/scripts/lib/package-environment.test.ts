import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Step } from '../../../scripts/lib/installer.mjs';
import {
  buildPackageEnvironment,
  bundlesCommand,
  packageEnvironmentFolder,
  packageEnvironmentReady,
} from '../../../scripts/lib/package-environment.mjs';
import { PROJECT_ROOT, type SetupPaths, setupPaths } from '../../../scripts/lib/paths.mjs';

const ID = '0123456789abcdef';
let root: string;
let paths: SetupPaths;
let steps: Step[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'slashbox-packages-'));
  paths = setupPaths(root);
  steps = [];
  cpSync(join(PROJECT_ROOT, 'layers'), join(root, 'layers'), { recursive: true });
  mkdirSync(join(paths.packageEnvironments, ID), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** In place of the build: names the environment, and leaves a manifest. */
async function runStep(step: Step): Promise<string> {
  steps.push(step);
  if (step.commands[0]?.includes('--print-id')) return `${ID}\n`;
  writeFileSync(join(paths.packageEnvironments, ID, 'manifest.json'), '{}');
  return '';
}

const build = (content: 'core' | 'small') => buildPackageEnvironment(paths, {}, content, runStep);
const ready = () =>
  (['core', 'small'] as const).filter((content) => packageEnvironmentReady(paths, {}, content));

describe('the approved packages of a checkout', () => {
  it('are the layer where no more is asked for, and the small bundles too where they are', async () => {
    expect(ready()).toEqual([]);
    await build('core');
    expect(ready()).toEqual(['core']);
    expect(packageEnvironmentFolder(paths)).toBe(join(paths.packageEnvironments, ID));
    await build('small');
    expect(ready()).toEqual(['core', 'small']);
    const builds = steps.map(({ commands }) => commands[0]).filter((one) => !one?.includes('--print-id'));
    expect(builds.map((one) => one?.find((option) => /^--(core|small)$/.test(option)))).toEqual([
      '--core',
      '--small',
    ]);
  });

  it('are built anew when the list changes', async () => {
    await build('small');
    writeFileSync(join(root, 'layers', 'approved', 'packages.toml'), '# another\n');
    expect(ready()).toEqual([]);
  });

  it('get single bundles by the same build, into the same folder', () => {
    const folder = join(paths.packageEnvironments, ID);
    const command = bundlesCommand(paths, folder, 'polars').join(' ');
    expect(command).toContain('build.py --system host --bundles polars');
    expect(command).toContain(`--out ${folder}`);
  });

  it('are not what a build without an id says', async () => {
    const broken = async (step: Step) => (step.commands[0]?.includes('--print-id') ? 'oops' : '');
    await expect(buildPackageEnvironment(paths, {}, 'core', broken)).rejects.toThrow(
      'Approved packages: the build named no environment but "oops".',
    );
  });
});
