/**
 * Makes `dist/functions/NAME` for every function: one minified file for each Node function, a clean copy of
 * each Python one. Equal sources give equal bytes; what has not changed is not built again.
 */
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { ARCHITECTURES } from '../infra/config.ts';
import { copyPython, listPython } from './lib/copy-python.ts';
import { fingerprintOf, isUpToDate, remember } from './lib/fingerprint.ts';
import { replaceFolder } from './lib/replace-folder.ts';
import { bundleUv } from './lib/uv-layer.ts';
import { bundleExecutor } from './lib/zstd-code.ts';
import { ensureSetup } from './setup.mjs';

export interface BundleOptions {
  /** @default dist/functions of this project */
  readonly outDir?: string;
  /** Where `functions/` lies. @default this project */
  readonly sourceDir?: string;
}

interface Job<Source> {
  readonly name: string;
  /** With paths relative to {@link Job.sourceDir}. */
  readonly source: Source;
  readonly outDir: string;
  readonly sourceDir: string;
}

interface NodeSource {
  readonly entry: string;
  /** Folder that goes along under its own name. */
  readonly files?: string;
}

interface PythonSource {
  /** What becomes the bundle's root: a folder, or the one module in it that Lambda calls. */
  readonly root: string;
  /** Folders that go in under their own path, as the modules in them import each other by it. */
  readonly packages?: readonly string[];
}

const projectDir = dirname(dirname(fileURLToPath(import.meta.url)));

/** Entry points that become `NAME/handler.js`. */
const NODE_FUNCTIONS: Readonly<Record<string, NodeSource>> = {
  interactions: { entry: 'functions/interactions/handler.ts' },
  worker: { entry: 'functions/worker/handler.ts' },
  failures: { entry: 'functions/worker/failure.ts' },
  cleanup: { entry: 'functions/cleanup/handler.ts' },
  promote: { entry: 'functions/promote/handler.ts', files: 'layers/approved/smoke' },
};

const PYTHON_FUNCTIONS: Readonly<Record<string, PythonSource>> = {
  executor: { root: 'functions/executor' },
  rebuild: { root: 'functions/rebuild/handler.py', packages: ['functions/rebuild', 'layers/approved'] },
};

/** As measured for the cold start: minified module builds with the SDK in them; a source map only weighs. */
const OPTIONS: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  mainFields: ['module', 'main'],
  minify: true,
  sourcemap: false,
  legalComments: 'none',
  charset: 'utf8',
  // Discord's client without an HTTP stack of its own: Node has one.
  alias: { '@discordjs/rest': join(dirname(locate('@discordjs/rest')), 'web.mjs') },
};

/** @throws Error saying which function could not be bundled, and the first mistake in it */
export async function bundle({
  outDir = join(projectDir, 'dist', 'functions'),
  sourceDir = projectDir,
}: BundleOptions = {}): Promise<void> {
  const jobs = <Source>(functions: Readonly<Record<string, Source>>): Job<Source>[] =>
    Object.entries(functions).map(([name, source]) => ({ name, source, outDir, sourceDir }));
  await Promise.all([...jobs(NODE_FUNCTIONS).map(bundleNode), ...jobs(PYTHON_FUNCTIONS).map(bundlePython)]);
}

async function bundleNode({ name, source, outDir, sourceDir }: Job<NodeSource>): Promise<void> {
  const { folder, record } = placesOf(name, outDir);
  const files = source.files ? await listPython(join(sourceDir, source.files)) : [];
  const settings = [OPTIONS, files];
  if (await isUpToDate(record, folder, settings)) return;
  await replaceFolder(folder, async (into) => {
    const { inputs } = await runEsbuild(source.entry, sourceDir, join(into, 'handler.js'));
    if (source.files) await copyPython(dirname(join(sourceDir, source.files)), files, into);
    const paths = Object.keys(inputs).map((input) => join(sourceDir, input));
    await remember(record, await fingerprintOf([...paths, ...files], settings));
  });
}

async function bundlePython({ name, source, outDir, sourceDir }: Job<PythonSource>): Promise<void> {
  const { folder, record } = placesOf(name, outDir);
  const root = join(sourceDir, source.root);
  const isModule = root.endsWith('.py');
  const own = isModule ? [root] : await listPython(root);
  const packages = await Promise.all(
    (source.packages ?? []).map((path) => listPython(join(sourceDir, path))),
  );
  const others = packages.flat().filter((file) => file !== root);
  if (await isUpToDate(record, folder, [...own, ...others])) return;
  await replaceFolder(folder, async (into) => {
    await copyPython(isModule ? dirname(root) : root, own, into);
    await copyPython(sourceDir, others, into);
  });
  await remember(record, await fingerprintOf([...own, ...others], [...own, ...others]));
}

function placesOf(name: string, outDir: string) {
  return { folder: join(outDir, name), record: join(outDir, '.inputs', `${name}.json`) };
}

async function runEsbuild(source: string, sourceDir: string, outfile: string): Promise<Metafile> {
  try {
    const { metafile } = await build({
      ...OPTIONS,
      absWorkingDir: sourceDir,
      entryPoints: [source],
      nodePaths: [join(projectDir, 'node_modules')],
      outfile,
      metafile: true,
      logLevel: 'silent',
    });
    return metafile;
  } catch (cause) {
    throw new Error(`${source} could not be bundled: ${firstMistakeIn(cause)}`, { cause });
  }
}

function firstMistakeIn(cause: unknown): string {
  type Mistake = {
    readonly text: string;
    readonly location?: { readonly file: string; readonly line: number };
  };
  const [first] = (cause as { readonly errors?: readonly Mistake[] }).errors ?? [];
  if (!first) return cause instanceof Error ? cause.message : String(cause);
  return first.location ? `${first.text} (${first.location.file}:${first.location.line})` : first.text;
}

function locate(name: string): string {
  return createRequire(import.meta.url).resolve(name);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const started = performance.now();
  await bundle();
  await ensureSetup({ need: ['tools'] });
  for (const architecture of ARCHITECTURES) {
    await bundleUv(architecture);
    await bundleExecutor(architecture);
  }
  const where = relative(process.cwd(), join(projectDir, 'dist', 'functions'));
  // Standard error: the CDK CLI runs this before a synthesis whose output a program may read.
  console.error(`[bundle] ${where} is up to date (${((performance.now() - started) / 1000).toFixed(1)} s)`);
}
