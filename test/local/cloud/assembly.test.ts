import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAssembly } from '../../../local/cloud/assembly.ts';
import { ASSET_BUCKET, writeAssembly } from '../../support/assembly.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slashbox-assembly-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a cloud assembly', () => {
  it('names its template and its files, with where they go', async () => {
    await writeAssembly(folder, {
      stackName: 'one',
      template: { Resources: {} },
      folders: { abc: { 'a.txt': 'a' } },
    });
    const { templatePath, templateFile, files } = await readAssembly(folder, 'one');
    expect(templatePath).toBe(join(folder, 'one.template.json'));
    expect(templateFile.bucket).toBe(ASSET_BUCKET);
    expect(files).toContainEqual({
      path: join(folder, 'asset.abc'),
      packaging: 'zip',
      bucket: ASSET_BUCKET,
      key: 'abc.zip',
    });
  });

  it('has its blanks for account and region filled in', async () => {
    await writeAssembly(folder, { stackName: 'one', template: {} });
    const list = join(folder, 'one.assets.json');
    const text = await readFile(list, 'utf8');
    await writeFile(list, text.replaceAll(ASSET_BUCKET, `assets-\${AWS::AccountId}-\${AWS::Region}`));
    expect((await readAssembly(folder, 'one')).templateFile.bucket).toBe('assets-000000000000-us-east-1');
  });

  it('is refused where it lacks the stack', async () => {
    await writeAssembly(folder, { stackName: 'one', template: {} });
    await expect(readAssembly(folder, 'two')).rejects.toThrow(/no stack two/);
  });
});
