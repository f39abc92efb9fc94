import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CanaryPorts, tryEnvironment, tryExecutor } from '../../../functions/promote/canary.ts';
import { importCode, planImports } from '../../../functions/promote/imports.ts';
import type { Manifest } from '../../../functions/promote/manifest.ts';
import { SMOKE_CASES } from '../../../functions/promote/smoke.ts';
import type { ExecutorRequest, ExecutorResult } from '../../../functions/shared/executor-protocol.ts';
import { readLimits } from '../../../functions/shared/limits.ts';
import { createLog } from '../../../functions/shared/log.ts';
import { executorResult } from '../../support/executor-result.ts';
import { bundleOf, idOf, manifestOf } from './support.ts';

const SMOKE = 'layers/approved/smoke';
const ID = idOf(5);
const limits = readLimits({});

interface Call {
  readonly runner: string;
  readonly tenant: string;
  readonly request: ExecutorRequest;
}

/** An executor on which everything works, but for what a test says otherwise. */
function canaryOn(
  answer: (request: ExecutorRequest) => Partial<ExecutorResult> | undefined | 'well',
  changes: Partial<CanaryPorts> = {},
) {
  const calls: Call[] = [];
  const well = ({ run_id, code }: ExecutorRequest): Partial<ExecutorResult> => {
    if (run_id === 'canary-imports') return { stdout: `noise\nslashbox-canary:{}\n` };
    const smoke = SMOKE_CASES.find(({ name }) => run_id === `canary-${name}`);
    expect(code).not.toBe('');
    return { status: smoke?.expected ?? 'ok', stdout: 'passed\n' };
  };
  const ports: CanaryPorts = {
    async runCode(runner, tenant, request) {
      calls.push({ runner, tenant, request });
      const said = answer(request);
      return said && executorResult(said === 'well' ? well(request) : said);
    },
    readCase: async (name) => readFileSync(`${SMOKE}/${name}.py`, 'utf8'),
    limits,
    system: 'linux',
    log: createLog({}, () => undefined),
    ...changes,
  };
  return { ports, calls };
}

/** With all that the smoke suite needs. */
function fullManifest(): Manifest {
  const manifest = manifestOf(ID);
  for (const name of new Set(SMOKE_CASES.flatMap(({ needs }) => needs))) {
    manifest.distributions[name] = {
      version: '1.0',
      approved: true,
      in_layer: true,
      requires: [],
      bundle: null,
    };
    manifest.imports[name.replaceAll('-', '_')] = [name];
  }
  return manifest;
}

describe('the plan of imports', () => {
  it('has every import name of what is there, but for those that are declared', () => {
    const manifest = { ...manifestOf(ID), not_imported: { cedar_wood: 'needs a screen' } };
    expect(
      planImports(manifest)
        .flat()
        .flatMap(({ roots }) => roots),
    ).toEqual(['amber', 'birch']);
  });

  const sizes = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 40 });
  const edges = fc.infiniteStream(fc.nat(39));

  it('names each once, and fits the disk and the time that there is', () => {
    fc.assert(
      fc.property(sizes, edges, fc.nat(3), (bytes, edge, perPackage) => {
        const manifest = { ...manifestOf(ID), imports: {}, distributions: {} } as Manifest;
        for (const [index, size] of bytes.entries()) {
          const requires = Array.from({ length: perPackage }, () => `d${edge.next().value % bytes.length}`);
          manifest.distributions[`d${index}`] = {
            version: '1',
            approved: index % 3 > 0,
            in_layer: false,
            requires,
            bundle: bundleOf(`d${index}`, size),
          };
          manifest.imports[`root_${index}`] = [`d${index}`];
        }
        const plan = planImports(manifest, { tenantBytes: 2_000, runBytes: 500 });
        const roots = plan.flat().flatMap((run) => run.roots);
        expect([...roots].sort()).toEqual(Object.keys(manifest.imports).sort());
        for (const runs of plan) {
          const asked = runs.flatMap(({ approved }) => approved.map((root) => root.replace('root_', 'd')));
          const closure = new Set(asked);
          for (const name of closure) {
            for (const next of manifest.distributions[name]?.requires ?? []) closure.add(next);
          }
          const total = [...closure].reduce((sum, name) => sum + (bytes[Number(name.slice(1))] ?? 0), 0);
          // One closure may be larger by itself; two are never put together beyond the bound.
          if (runs.length > 1 || (runs[0]?.approved.length ?? 0) > 1)
            expect(total).toBeLessThanOrEqual(2_000);
        }
      }),
    );
  });

  it('asks for bundles by imports that are never carried out', () => {
    const code = importCode({ approved: ['birch'], roots: ['birch', 'cedar_wood'] });
    expect(code).toContain('def fetch():\n    import birch\n');
    expect(code).toContain('for name in ["birch","cedar_wood"]:');
    expect(code).toContain('    raise missing\n');
  });
});

describe('the canary', () => {
  it('passes an environment on which everything comes to its end', async () => {
    const { ports, calls } = canaryOn(() => 'well');
    expect(await tryEnvironment(fullManifest(), ports)).toEqual([]);
    expect(calls.map(({ request }) => request.run_id)).toEqual([
      'canary-imports',
      ...SMOKE_CASES.map(({ name }) => `canary-${name}`),
    ]);
    expect(new Set(calls.map(({ runner }) => runner))).toEqual(new Set(['candidate']));
    expect(new Set(calls.map(({ tenant }) => tenant.split('-')[0]))).toEqual(new Set(['canary']));
  });

  it('says which import failed and why, and goes no further', async () => {
    const { ports, calls } = canaryOn(() => ({
      stdout: 'slashbox-canary:{"birch": "ImportError: no cedar"}\n',
    }));
    expect(await tryEnvironment(fullManifest(), ports)).toEqual(['importing birch: ImportError: no cedar']);
    expect(calls).toHaveLength(1);
  });

  it('tells of imports that failed in a run that ended with one of them', async () => {
    const stdout = 'slashbox-canary:{"birch": "ModuleNotFoundError: No module named \'cedar\'"}\n';
    const { ports } = canaryOn(() => ({ status: 'error', stdout, stderr: 'ModuleNotFoundError: cedar' }));
    expect(await tryEnvironment(fullManifest(), ports)).toEqual([
      "importing birch: ModuleNotFoundError: No module named 'cedar'",
    ]);
  });

  it.each([
    ['a run that ended badly after all', { status: 'error', stdout: 'slashbox-canary:{}' }, 'error'],
    ['a crash', undefined, 'the executor crashed'],
    ['a timeout', { status: 'timeout' }, 'timeout'],
    ['silence', { stdout: 'nothing' }, 'nothing was reported'],
    ['a broken report', { stdout: 'slashbox-canary:[' }, 'nothing was reported'],
    [
      'a bundle that could not be fetched',
      {
        stdout: 'slashbox-canary:{}',
        failed_packages: [{ name: 'birch', reason: 'sha256 differs' }],
      },
      'installing birch: sha256 differs',
    ],
  ] as const)('refuses for %s while importing', async (_, said, message) => {
    const { ports } = canaryOn(() => said as Partial<ExecutorResult> | undefined);
    expect((await tryEnvironment(manifestOf(ID), ports)).join()).toContain(message);
  });

  it.each(SMOKE_CASES.map(({ name }) => name))('refuses where %s ends otherwise', async (name) => {
    const { ports } = canaryOn(({ run_id }) =>
      run_id === `canary-${name}` ? { status: 'killed', stderr: 'Traceback\nOSError: no' } : 'well',
    );
    const [problem, ...rest] = await tryEnvironment(fullManifest(), ports);
    expect(problem).toMatch(new RegExp(`^${name}: killed instead of \\w+ \\(OSError: no\\)$`));
    expect(rest).toEqual([]);
  });

  it('wants a case that ends well to have passed', async () => {
    const { ports } = canaryOn(({ run_id }) => (run_id === 'canary-caller' ? { stdout: 'x' } : 'well'));
    expect(await tryEnvironment(fullManifest(), ports)).toEqual(['caller: it ended without having passed']);
  });

  it('leaves out what a small environment cannot run, and never time, memory and network', async () => {
    const { ports, calls } = canaryOn(() => 'well');
    await tryEnvironment(manifestOf(ID), ports);
    expect(calls.map(({ request }) => request.run_id).slice(1)).toEqual([
      'canary-endless',
      'canary-hungry',
      'canary-caller',
    ]);
  });

  it('does not blame an environment for a Mac, which has no kernel layer', async () => {
    const { ports, calls } = canaryOn(() => 'well', { system: 'darwin' });
    await tryEnvironment(manifestOf(ID), ports);
    expect(calls.map(({ request }) => request.run_id)).not.toContain('canary-caller');
  });

  it("stays within the stage's limits", async () => {
    const low = { ...limits, timeLimitSeconds: 1, memoryMegabytes: 128 };
    const { ports, calls } = canaryOn(() => 'well', { limits: low });
    await tryEnvironment(fullManifest(), ports);
    for (const { request } of calls) {
      expect(request.limits.time_seconds).toBe(1);
      expect(request.limits.memory_megabytes).toBe(128);
    }
  });

  it('runs the executor itself once, after the switch', async () => {
    const { ports, calls } = canaryOn(() => 'well');
    expect(await tryExecutor(ports)).toBeUndefined();
    expect(calls).toMatchObject([{ runner: 'executor', tenant: 'canary' }]);
    const crashing = canaryOn(() => undefined);
    expect(await tryExecutor(crashing.ports)).toContain('crashed');
  });
});

it('the smoke suite has a file for every case, and no other', () => {
  const files = readdirSync(SMOKE).filter((name) => name.endsWith('.py'));
  expect(files.sort()).toEqual(SMOKE_CASES.map(({ name }) => `${name}.py`).sort());
});
