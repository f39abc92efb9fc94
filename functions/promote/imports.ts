/**
 * The canary's first part: every import name of the environment is imported, in runs as a user's would be, so
 * that bundles are fetched, checked and unpacked on the way.
 */
import type { ExecutorResult } from '../shared/executor-protocol.ts';
import { isAvailable, type Manifest } from './manifest.ts';

/** One run: what it asks for by name, and every import name that it tries. */
export interface ImportRun {
  readonly approved: readonly string[];
  readonly roots: readonly string[];
}

export interface ImportPlan {
  /** Unpacked bytes that may come into one execution environment's `/tmp`. */
  readonly tenantBytes: number;
  /** Unpacked bytes that one run may fetch, so that it fits its time limit. */
  readonly runBytes: number;
}

/** Well within 4,096 MB, and within two minutes of installing. */
export const IMPORT_PLAN: ImportPlan = { tenantBytes: 1_500_000_000, runBytes: 200_000_000 };

/** One execution environment while it is planned: what its earlier runs have fetched already. */
interface Tenant {
  readonly has: Set<string>;
  bytes: number;
  readonly runs: { readonly approved: string[]; readonly roots: string[]; bytes: number }[];
}

const MOST_ROOTS = 30;
const MARK = 'slashbox-canary:';

/** @returns for each tenant its runs; together they have every import name that is not declared as failing */
export function planImports(manifest: Manifest, plan: ImportPlan = IMPORT_PLAN): ImportRun[][] {
  const rootsOf = importNames(manifest);
  const tried = new Set<string>();
  const tenants: Tenant[] = [];
  for (const distribution of inOrder(manifest)) {
    const closure = closureOf(manifest, distribution);
    const roots = closure.filter((part) => !tried.has(part)).flatMap((part) => rootsOf.get(part) ?? []);
    for (const part of closure) tried.add(part);
    if (!roots.length) continue;

    let tenant = tenants.at(-1);
    if (!tenant || sizeOf(manifest, closure, tenant.has) + tenant.bytes > plan.tenantBytes) {
      tenant = { has: new Set(), bytes: 0, runs: [] };
      tenants.push(tenant);
    }
    const bytes = sizeOf(manifest, closure, tenant.has);
    for (const part of closure) tenant.has.add(part);
    tenant.bytes += bytes;

    let run = tenant.runs.at(-1);
    if (!run || run.bytes + bytes > plan.runBytes || run.roots.length + roots.length > MOST_ROOTS) {
      run = { approved: [], roots: [], bytes: 0 };
      tenant.runs.push(run);
    }
    run.approved.push(...(rootsOf.get(distribution) ?? []));
    run.roots.push(...roots);
    run.bytes += bytes;
  }
  return tenants.map(({ runs }) => runs);
}

/**
 * `fetch` is never called: the executor reads it to know what to install. An import that misses a module ends
 * the run as a user's would, so that the executor installs that module too and runs it all again: keras
 * wants tensorflow, and does not say so.
 */
export function importCode({ approved, roots }: ImportRun): string {
  return `import importlib
import json


def fetch():
${[...new Set(approved)].map((root) => `    import ${root}`).join('\n') || '    pass'}


failed = {}
missing = None
for name in ${JSON.stringify(roots)}:
    try:
        importlib.import_module(name)
    except BaseException as error:
        failed[name] = f"{type(error).__name__}: {error}"[:300]
        if isinstance(error, ModuleNotFoundError):
            missing = missing or error
print("\\n${MARK}" + json.dumps(failed))
if missing:
    raise missing
`;
}

/** @returns what went wrong, a line each; none where all were imported */
export function importProblems({ roots }: ImportRun, result: ExecutorResult | undefined): string[] {
  const where = `importing ${roots.slice(0, 3).join(', ')}${roots.length > 3 ? ', …' : ''}`;
  if (!result) return [`${where}: the executor crashed`];
  const uninstalled = result.failed_packages.map(({ name, reason }) => `installing ${name}: ${reason}`);
  const said = result.stdout.split('\n').findLast((line) => line.startsWith(MARK));
  const report = said === undefined ? undefined : parseReport(said.slice(MARK.length));
  const failed = Object.entries(report ?? {}).map(([root, why]) => `importing ${root}: ${why}`);
  if (failed.length) return [...failed, ...uninstalled];
  if (result.status !== 'ok') return [`${where}: ${result.status}${lastLine(result)}`, ...uninstalled];
  return report ? uninstalled : [`${where}: nothing was reported`, ...uninstalled];
}

export function lastLine({ stderr, hint }: ExecutorResult): string {
  const line = stderr.trim().split('\n').at(-1) || hint;
  return line ? ` (${line.slice(0, 300)})` : '';
}

function importNames({ imports, not_imported }: Manifest): Map<string, string[]> {
  const roots = new Map<string, string[]>();
  for (const [root, owners] of Object.entries(imports)) {
    if (Object.hasOwn(not_imported, root)) continue;
    for (const owner of owners) roots.set(owner, [...(roots.get(owner) ?? []), root]);
  }
  return roots;
}

/** Approved ones first, as a user can ask for them alone; then whatever nobody of these requires. */
function inOrder(manifest: Manifest): string[] {
  const there = Object.keys(manifest.distributions).filter((name) => isAvailable(manifest, name));
  const isApproved = (name: string) => manifest.distributions[name]?.approved === true;
  return [...there.filter(isApproved), ...there.filter((name) => !isApproved(name))];
}

function closureOf({ distributions }: Manifest, distribution: string): string[] {
  const found = new Set<string>();
  const waiting = [distribution];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    waiting.push(...(distributions[next]?.requires ?? []));
  }
  return [...found];
}

function sizeOf({ distributions }: Manifest, names: readonly string[], without: ReadonlySet<string>): number {
  return names
    .filter((name) => !without.has(name))
    .reduce((sum, name) => sum + (distributions[name]?.bundle?.unpacked_bytes ?? 0), 0);
}

function parseReport(text: string): Record<string, string> | undefined {
  try {
    const report: unknown = JSON.parse(text);
    if (typeof report !== 'object' || report === null) return undefined;
    return Object.fromEntries(
      Object.entries(report).map(([root, why]) => [root.slice(0, 120), String(why).slice(0, 300)]),
    );
  } catch {
    return undefined;
  }
}
