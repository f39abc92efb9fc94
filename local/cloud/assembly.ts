/** Reads a CDK cloud assembly: one stack's template and the files that it needs in a bucket first. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CLOUD_ACCOUNT, CLOUD_REGION } from './ministack.ts';

export interface AssemblyFile {
  /** Absolute path of a file, or of a folder to be zipped. */
  readonly path: string;
  readonly packaging: 'file' | 'zip';
  readonly bucket: string;
  readonly key: string;
}

export interface AssemblyStack {
  readonly templatePath: string;
  /** Where the template itself is among {@link files}. */
  readonly templateFile: AssemblyFile;
  readonly files: readonly AssemblyFile[];
}

/** Parts of aws-cdk's cloud-assembly-schema; what else is in there is not ours to check. */
const Manifest = z.object({ artifacts: z.record(z.string(), z.unknown()) });
const StackArtifact = z.object({
  type: z.literal('aws:cloudformation:stack'),
  properties: z.object({ templateFile: z.string(), stackName: z.string().optional() }),
});
const AssetsArtifact = z.object({
  type: z.literal('cdk:asset-manifest'),
  properties: z.object({ file: z.string() }),
});
const AssetManifest = z.object({
  files: z
    .record(
      z.string(),
      z.object({
        source: z.object({ path: z.string(), packaging: z.enum(['file', 'zip']).default('file') }),
        destinations: z.record(z.string(), z.object({ bucketName: z.string(), objectKey: z.string() })),
      }),
    )
    .default({}),
});

/** @throws where the assembly is not one, or lacks the stack or its template's place */
export async function readAssembly(assemblyDir: string, stackName: string): Promise<AssemblyStack> {
  const { artifacts } = Manifest.parse(await readJson(join(assemblyDir, 'manifest.json')));
  const stack = Object.entries(artifacts).flatMap(([id, artifact]) => {
    const parsed = StackArtifact.safeParse(artifact);
    const matches = parsed.success && (parsed.data.properties.stackName ?? id) === stackName;
    return matches ? [parsed.data.properties] : [];
  })[0];
  if (!stack) throw new Error(`There is no stack ${stackName} in the cloud assembly ${assemblyDir}.`);
  const files = await readFiles(assemblyDir, Object.values(artifacts));
  const templatePath = join(assemblyDir, stack.templateFile);
  const templateFile = files.find(({ path }) => path === templatePath);
  if (!templateFile) throw new Error(`The assembly names no bucket for its template ${stack.templateFile}.`);
  return { templatePath, templateFile, files };
}

async function readFiles(assemblyDir: string, artifacts: readonly unknown[]): Promise<AssemblyFile[]> {
  const lists = artifacts.flatMap((artifact) => {
    const parsed = AssetsArtifact.safeParse(artifact);
    return parsed.success ? [parsed.data.properties.file] : [];
  });
  const manifests = await Promise.all(
    lists.map(async (file) => AssetManifest.parse(await readJson(join(assemblyDir, file)))),
  );
  return manifests.flatMap(({ files }) =>
    Object.values(files).flatMap(({ source, destinations }) =>
      Object.values(destinations).map(({ bucketName, objectKey }) => ({
        path: join(assemblyDir, source.path),
        packaging: source.packaging,
        bucket: fillIn(bucketName),
        key: fillIn(objectKey),
      })),
    ),
  );
}

/** An assembly that is not bound to an account leaves these for the deployer. */
function fillIn(text: string): string {
  return text
    .replaceAll(`\${AWS::AccountId}`, CLOUD_ACCOUNT)
    .replaceAll(`\${AWS::Region}`, CLOUD_REGION)
    .replaceAll(`\${AWS::Partition}`, 'aws');
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8'));
}
