/**
 * Synthesis takes seconds, most of them to load the CDK: an assembly is kept for as long as everything
 * that it was made from is the same.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StageConfig } from '../infra/config.ts';

export interface AssemblyOptions {
  readonly projectDir: string;
  /** Folder that keeps the assembly. */
  readonly cacheDir: string;
  readonly functionsDir: string;
}

/** @returns the folder of the cloud assembly */
export async function assemblyFor(config: StageConfig, options: AssemblyOptions): Promise<string> {
  const assembly = join(options.cacheDir, 'cdk.out');
  const keyFile = join(options.cacheDir, 'assembly-key');
  const key = await keyOf(config, options);
  if (
    existsSync(join(assembly, 'manifest.json')) &&
    (await readFile(keyFile, 'utf8').catch(() => '')) === key
  ) {
    return assembly;
  }
  await rm(assembly, { recursive: true, force: true });
  // Loaded only here: it brings aws-cdk-lib with it.
  const { synthesise } = await import('../infra/synthesise.ts');
  synthesise(config, assembly, { functionsDir: options.functionsDir });
  await writeFile(keyFile, key);
  return assembly;
}

async function keyOf(config: StageConfig, { projectDir, functionsDir }: AssemblyOptions): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(config));
  const folders = [join(projectDir, 'infra'), join(projectDir, 'functions', 'shared'), functionsDir];
  const files = (await Promise.all(folders.map(filesIn))).flat();
  for (const file of [...files, join(projectDir, 'cdk.json'), join(projectDir, 'package-lock.json')]) {
    hash.update(`\n${file}\n`).update(await readFile(file));
  }
  return hash.digest('hex');
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
