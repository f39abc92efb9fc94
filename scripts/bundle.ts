/**
 * Makes `dist/functions/NAME` for every function: one minified file for each Node function, a clean copy of
 * each Python one. Equal sources give equal bytes; what has not changed is not built again.
 */
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { copyPython, listPython } from './lib/copy-python.ts';
import { fingerprintOf, isUpToDate, remember } from './lib/fingerprint.ts';
import { replaceFolder } from './lib/replace-folder.ts';

export interface BundleOptions {
  /** @default dist/functions of this project */
  readonly outDir?: string;
  /** Where `functions/` lies. @default this project */
  readonly sourceDir?: string;
}

interface Job {
  readonly name: string;
  /** Relative to {@link Job.sourceDir}: an entry point, or a folder. */
  readonly source: string;
  readonly outDir: string;
  readonly sourceDir: string;
}

const projectDir = dirname(dirname(fileURLToPath(import.meta.url)));

/** Entry points that become `NAME/handler.js`. */
const NODE_FUNCTIONS = {
  interactions: 'functions/interactions/handler.ts',
  worker: 'functions/worker/handler.ts',
  failures: 'functions/worker/failure.ts',
  cleanup: 'functions/cleanup/handler.ts',
} as const;

const PYTHON_FUNCTIONS = { executor: 'functions/executor', rebuild: 'functions/rebuild' } as const;

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
  const jobs = (functions: Readonly<Record<string, string>>): Job[] =>
    Object.entries(functions).map(([name, source]) => ({ name, source, outDir, sourceDir }));
  await Promise.all([...jobs(NODE_FUNCTIONS).map(bundleNode), ...jobs(PYTHON_FUNCTIONS).map(bundlePython)]);
}

async function bundleNode({ name, source, outDir, sourceDir }: Job): Promise<void> {
  const { folder, record } = placesOf(name, outDir);
  if (await isUpToDate(record, folder, OPTIONS)) return;
  await replaceFolder(folder, async (into) => {
    const { inputs } = await runEsbuild(source, sourceDir, join(into, 'handler.js'));
    const paths = Object.keys(inputs).map((input) => join(sourceDir, input));
    await remember(record, await fingerprintOf(paths, OPTIONS));
  });
}

async function bundlePython({ name, source, outDir, sourceDir }: Job): Promise<void> {
  const { folder, record } = placesOf(name, outDir);
  const from = join(sourceDir, source);
  const files = await listPython(from);
  if (await isUpToDate(record, folder, files)) return;
  await replaceFolder(folder, (into) => copyPython(from, files, into));
  await remember(record, await fingerprintOf(files, files));
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
  const where = relative(process.cwd(), join(projectDir, 'dist', 'functions'));
  // Standard error: the CDK CLI runs this before a synthesis whose output a program may read.
  console.error(`[bundle] ${where} is up to date (${((performance.now() - started) / 1000).toFixed(1)} s)`);
}
