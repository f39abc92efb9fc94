/** A cloud assembly as the CDK writes it, around a template of the test's own. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface TestAssembly {
  readonly stackName: string;
  readonly template: object;
  /** Folders to be zipped: content hash → files. */
  readonly folders?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export const ASSET_BUCKET = 'test-assets';

/** @returns the assembly's folder, which is created or replaced */
export async function writeAssembly(folder: string, assembly: TestAssembly): Promise<string> {
  const { stackName, template, folders = {} } = assembly;
  await mkdir(folder, { recursive: true });
  const body = JSON.stringify(template);
  const templateFile = `${stackName}.template.json`;
  await writeFile(join(folder, templateFile), body);
  const key = `${createHash('sha256').update(body).digest('hex')}.json`;
  const place = (objectKey: string) => ({ here: { bucketName: ASSET_BUCKET, objectKey } });
  const files: Record<string, object> = {
    [key]: { source: { path: templateFile, packaging: 'file' }, destinations: place(key) },
  };
  for (const [hash, contents] of Object.entries(folders)) {
    const path = `asset.${hash}`;
    for (const [name, text] of Object.entries(contents)) {
      await mkdir(join(folder, path, name, '..'), { recursive: true });
      await writeFile(join(folder, path, name), text);
    }
    files[hash] = { source: { path, packaging: 'zip' }, destinations: place(`${hash}.zip`) };
  }
  await writeFile(join(folder, `${stackName}.assets.json`), JSON.stringify({ version: '55.0.0', files }));
  const manifest = {
    version: '55.0.0',
    artifacts: {
      [`${stackName}.assets`]: {
        type: 'cdk:asset-manifest',
        properties: { file: `${stackName}.assets.json` },
      },
      [stackName]: { type: 'aws:cloudformation:stack', properties: { templateFile } },
      Tree: { type: 'cdk:tree', properties: { file: 'tree.json' } },
    },
  };
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
  return folder;
}
