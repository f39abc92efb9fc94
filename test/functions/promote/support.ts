/** A stage in memory for the promotion: functions, layers, a bucket and a pointer, each change a step. */
import type { PromotePorts, Promotion } from '../../../functions/promote/app.ts';
import type { Runner } from '../../../functions/promote/executor.ts';
import type { Manifest } from '../../../functions/promote/manifest.ts';
import type { LayerVersion } from '../../../functions/promote/prune.ts';
import type { EnvironmentFolder } from '../../../functions/promote/pruning.ts';
import { createLog } from '../../../functions/shared/log.ts';
import { bundleKey, manifestKey } from '../../../functions/shared/package-environment.ts';

/** The process is gone; what was changed until then stays. */
export class Crash extends Error {}

export const idOf = (number: number): string => number.toString(16).padStart(16, '0');

export class Stage {
  layers: LayerVersion[] = [];
  readonly functions: Partial<Record<Runner, string>> = {};
  readonly history: string[] = [];
  readonly manifests = new Map<string, Manifest>();
  readonly refusals = new Map<string, readonly string[]>();
  stored: EnvironmentFolder[] = [];
  /** When each shared bundle was uploaded, by key. */
  readonly bundles = new Map<string, number>();
  mark: { readonly tag: string; readonly writtenAt: number } | undefined;
  inStacks: string[] = [];
  /** What the canary finds in an environment. */
  readonly broken = new Map<string, readonly string[]>();
  /** Environments that the executor itself cannot run. */
  readonly brokenInExecutor = new Set<string>();
  readonly lines: string[] = [];
  /** The keys of bundles that a document names, by its own key. */
  readonly names = new Map<string, readonly string[]>();
  wantsEverything = false;
  /** Called with the name of each change, before it; throws to stop it. */
  beforeStep: (name: string) => void = () => undefined;
  steps = 0;
  now = 2_000_000_000;

  /** Puts an environment in force, as if it had been promoted. */
  putInForce(environment: string): string {
    const arn = this.addLayer(environment);
    this.functions.executor = arn;
    this.functions.candidate ??= arn;
    this.history.push(arn);
    this.store(environment);
    return arn;
  }

  addLayer(environment: string): string {
    const number = Math.max(0, ...this.layers.map((layer) => layer.number)) + 1;
    const arn = `arn:${number}`;
    this.layers.push({ arn, number, environment });
    return arn;
  }

  finish(environment: string, changes: Partial<Manifest> = {}): void {
    this.manifests.set(environment, { ...manifestOf(environment), ...changes });
    this.store(environment);
  }

  store(environment: string, changedAt = this.now): void {
    this.stored.push({
      environment,
      changedAt,
      documents: [manifestKey(environment)],
      ownBundles: false,
    });
  }

  get inForce(): string | undefined {
    return this.environmentAt(this.history.at(-1));
  }

  environmentOf(runner: Runner): string | undefined {
    return this.environmentAt(this.functions[runner]);
  }

  get ports(): PromotePorts {
    const step = (name: string): void => {
      this.beforeStep(name);
      this.steps += 1;
    };
    return {
      readManifest: async (environment) => this.manifests.get(environment),
      readRefusal: async (environment) => this.refusals.get(environment),
      writeRefusal: async (environment, reasons) => {
        step('refuse');
        this.refusals.set(environment, reasons);
      },
      listEnvironments: async () => this.stored,
      removeEnvironment: async (environment) => {
        step('remove environment');
        this.stored = this.stored.filter((one) => one.environment !== environment);
      },
      listBundles: async () => [...this.bundles].map(([key, changedAt]) => ({ key, changedAt })),
      readBundleNames: async (document) => [...(this.names.get(document) ?? [])],
      removeBundles: async (keys) => {
        step('remove bundles');
        for (const key of keys) this.bundles.delete(key);
      },
      readMark: async () => this.mark,
      writeMark: async (over) => {
        if (this.mark?.tag !== over) return false;
        step('mark');
        this.mark = { tag: `tag ${this.steps}`, writtenAt: this.now };
        return true;
      },
      removeMark: async () => {
        step('unmark');
        this.mark = undefined;
      },
      wait: async (seconds) => {
        this.now += seconds;
      },
      listLayers: async () => this.layers,
      publishLayer: async ({ environment }) => {
        step('publish');
        return this.addLayer(environment);
      },
      removeLayer: async ({ arn }) => {
        step('remove layer');
        this.layers = this.layers.filter((layer) => layer.arn !== arn);
      },
      layerOf: async (runner) => this.functions[runner],
      useLayer: async (runner, arn) => {
        if (this.functions[runner] === arn) return;
        step(`use ${runner}`);
        this.functions[runner] = arn;
      },
      tryEnvironment: async ({ environment }) => {
        step('canary');
        if (this.environmentOf('candidate') !== environment)
          throw new Error('the candidate has another layer');
        return this.broken.get(environment) ?? [];
      },
      tryExecutor: async () => {
        step('first run');
        return this.brokenInExecutor.has(this.environmentOf('executor') ?? '')
          ? 'it does not start'
          : undefined;
      },
      readHistory: async () => this.history,
      movePointer: async ({ arn }) => {
        step('pointer');
        this.history.push(arn);
      },
      layersInStacks: async () => this.inStacks,
      wantsEverything: this.wantsEverything,
      clock: () => this.now,
      log: createLog({}, (line) => this.lines.push(line)),
    };
  }

  private environmentAt(arn: string | undefined): string | undefined {
    return this.layers.find((layer) => layer.arn === arn)?.environment;
  }
}

export function manifestOf(environment: string): Manifest {
  return {
    version: 1,
    environment,
    python: '3.13',
    architecture: 'aarch64',
    system: 'linux',
    byte_code: true,
    approved: ['amber', 'birch'],
    absent: {},
    imports: { amber: ['amber'], birch: ['birch'], cedar_wood: ['cedar'] },
    distributions: {
      amber: { version: '1.0', approved: true, in_layer: true, requires: [], bundle: null },
      birch: {
        version: '1.0',
        approved: true,
        in_layer: false,
        requires: ['amber', 'cedar'],
        bundle: bundleOf('birch'),
      },
      cedar: {
        version: '1.0',
        approved: false,
        in_layer: false,
        requires: [],
        bundle: bundleOf('cedar'),
      },
    },
    hints: {},
    not_imported: {},
  };
}

export function bundleOf(name: string, unpacked_bytes = 1_000, sha256 = 'a'.repeat(64)) {
  return {
    key: bundleKey(name, '1.0', sha256),
    sha256,
    bytes: 900,
    unpacked_bytes,
  };
}

/** Calls again after a crash, as Lambda does. */
export async function untilDone(run: () => Promise<Promotion>): Promise<Promotion> {
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }
}
