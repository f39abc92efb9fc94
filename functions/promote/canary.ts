/** Tries an environment on the candidate function: first every import, then the smoke suite. */
import type { Limits } from '../shared/limits.ts';
import type { Log } from '../shared/log.ts';
import { type RunCode, requestOf } from './executor.ts';
import { type ImportRun, importCode, importProblems, planImports } from './imports.ts';
import type { Manifest } from './manifest.ts';
import { applicableCases, smokeProblem } from './smoke.ts';

export interface CanaryPorts {
  readonly runCode: RunCode;
  /** Source of a smoke case, by its name. */
  readonly readCase: (name: string) => Promise<string>;
  readonly limits: Limits;
  /** Of the machine that runs the executor. */
  readonly system: NodeJS.Platform;
  readonly log: Log;
}

/** A new AWS account allows ten executions at a time, and users need theirs. */
const TENANTS_AT_A_TIME = 3;
const TENANT = 'canary';

/** @returns what went wrong, a line each; none where the environment is fit for use */
export async function tryEnvironment(manifest: Manifest, ports: CanaryPorts): Promise<string[]> {
  const plan = planImports(manifest);
  const problems = await tryImports(plan, ports);
  return problems.length ? problems : trySuite(manifest, ports);
}

/**
 * What the executor itself has to do after the switch, in its first run with the new layer.
 * @returns what went wrong, in one line
 */
export async function tryExecutor({ runCode, limits }: CanaryPorts): Promise<string | undefined> {
  const request = requestOf('executor', 'print("passed")', limits);
  const result = await runCode('executor', TENANT, request);
  return smokeProblem({ name: 'the first run after the switch', needs: [], expected: 'ok' }, result);
}

async function tryImports(tenants: readonly ImportRun[][], ports: CanaryPorts): Promise<string[]> {
  const problems: string[] = [];
  const waiting = [...tenants.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [index, runs] = next;
      for (const run of runs) problems.push(...(await tryRun(`${TENANT}-${index}`, run, ports)));
    }
  };
  await Promise.all(Array.from({ length: TENANTS_AT_A_TIME }, work));
  return problems;
}

async function tryRun(tenant: string, run: ImportRun, ports: CanaryPorts): Promise<string[]> {
  const result = await ports.runCode(
    'candidate',
    tenant,
    requestOf('imports', importCode(run), ports.limits),
  );
  ports.log.info('[Promote] imported', {
    tenant,
    names: run.roots.length,
    status: result?.status ?? 'crashed',
  });
  return importProblems(run, result);
}

/** One after the other, as one user: what one leaves behind must not harm the next. */
async function trySuite(manifest: Manifest, ports: CanaryPorts): Promise<string[]> {
  const problems: string[] = [];
  for (const smoke of applicableCases(manifest, ports.system)) {
    const code = await ports.readCase(smoke.name);
    const request = requestOf(smoke.name, code, ports.limits, lowered(smoke.limits ?? {}, ports.limits));
    const problem = smokeProblem(smoke, await ports.runCode('candidate', TENANT, request));
    ports.log.info('[Promote] smoke case', { name: smoke.name, problem: problem ?? null });
    if (problem) problems.push(problem);
  }
  return problems;
}

/** A case's own limits, unless the stage's are lower still. */
function lowered(
  { time_seconds, memory_megabytes }: NonNullable<Parameters<typeof requestOf>[3]>,
  limits: Limits,
) {
  return {
    ...(time_seconds !== undefined && { time_seconds: Math.min(time_seconds, limits.timeLimitSeconds) }),
    ...(memory_megabytes !== undefined && {
      memory_megabytes: Math.min(memory_megabytes, limits.memoryMegabytes),
    }),
  };
}
