/**
 * The renewal's second half: publish an environment's layer, try it on the candidate, let the executor use it,
 * and move the pointer last. Every step finds out whether it is done already, so that whatever the moment of a
 * crash, the same call again leads to the same end; until the pointer has moved, a deploy brings the old one back.
 */
import type { Runner } from './executor.ts';
import { type Manifest, ManifestError, missingFrom } from './manifest.ts';
import type { LayerVersion } from './prune.ts';
import { type PrunePorts, prune } from './pruning.ts';

export interface PromotePorts extends PrunePorts {
  /** @returns undefined where the environment is not finished; @throws ManifestError */
  readonly readManifest: (environment: string) => Promise<Manifest | undefined>;
  /** Why the environment was refused, if it was. */
  readonly readRefusal: (environment: string) => Promise<readonly string[] | undefined>;
  readonly writeRefusal: (environment: string, reasons: readonly string[]) => Promise<void>;

  /** @returns the new version's ARN */
  readonly publishLayer: (manifest: Manifest) => Promise<string>;
  /** The layer that a function uses now. */
  readonly layerOf: (runner: Runner) => Promise<string | undefined>;
  /** Returns when the function runs with it; @throws where somebody else changed the function meanwhile */
  readonly useLayer: (runner: Runner, layerArn: string) => Promise<void>;
  /** @returns what went wrong; none where the environment is fit for use */
  readonly tryEnvironment: (manifest: Manifest) => Promise<readonly string[]>;
  /** @returns what went wrong in the executor's first run with its present layer */
  readonly tryExecutor: () => Promise<string | undefined>;

  readonly movePointer: (layer: LayerVersion) => Promise<void>;

  /** Whether an environment has to have every approved package. */
  readonly wantsEverything: boolean;
}

export interface Promotion {
  readonly outcome: 'promoted' | 'in force' | 'refused' | 'refused before' | 'rolled back';
  readonly environment: string;
  readonly layerArn?: string;
  /** Of a refusal. */
  readonly reasons?: readonly string[];
}

/** Nothing was changed; the message is for the operator. */
export class PromotionError extends Error {
  override readonly name = 'PromotionError';
}

/**
 * @param again tries an environment that was refused before once more
 * @throws PromotionError where the environment is not finished; whatever a port throws
 */
export async function promote(
  environment: string,
  { again = false }: { readonly again?: boolean },
  ports: PromotePorts,
): Promise<Promotion> {
  const inForce = await findInForce(ports);
  if (inForce?.environment === environment) return settle(inForce, 'in force', ports);
  const before = again ? undefined : await findRefusal(environment, ports);
  if (before) return { outcome: 'refused before', environment, reasons: before };

  const refuse = (reasons: readonly string[]) => refuseFor(environment, reasons, inForce, ports);
  const checked = await check(environment, ports);
  if ('reasons' in checked) return refuse(checked.reasons);
  const layer = await ensureLayer(checked.manifest, ports);
  await ports.useLayer('candidate', layer.arn);
  const reasons = await ports.tryEnvironment(checked.manifest);
  if ((await ports.layerOf('candidate')) !== layer.arn) {
    throw new Error('The candidate was changed while it was being tried: another promotion is at work.');
  }
  if (reasons.length) return refuse(reasons);
  const problem = await switchTo(layer, inForce, ports);
  return problem ? refuse([problem]) : settle(layer, 'promoted', ports);
}

/**
 * Puts an earlier environment in force again: the one that was promoted before the present one, or a named one.
 * @throws PromotionError where there is none
 */
export async function rollBack(to: string | undefined, ports: PromotePorts): Promise<Promotion> {
  const [history, layers] = await Promise.all([ports.readHistory(), ports.listLayers()]);
  const inForce = layers.find(({ arn }) => arn === history.at(-1));
  const byArn = new Map(layers.map((layer) => [layer.arn, layer]));
  const were = [...new Set(history)].flatMap((arn) => byArn.get(arn) ?? []);
  const earlier = inForce ? were.slice(0, were.indexOf(inForce)) : were;
  const target = to === undefined ? earlier.at(-1) : were.find(({ environment }) => environment === to);
  if (!target) throw new PromotionError(noTarget(to, were, inForce));
  if (target === inForce) return settle(target, 'in force', ports);
  const problem = await switchTo(target, inForce, ports);
  if (problem) throw new PromotionError(`the environment ${target.environment} does not run: ${problem}`);
  return settle(target, 'rolled back', ports);
}

async function findInForce(ports: PromotePorts): Promise<LayerVersion | undefined> {
  const [history, layers] = await Promise.all([ports.readHistory(), ports.listLayers()]);
  return layers.find(({ arn }) => arn === history.at(-1));
}

/** One that was in force and is not was rolled back from: it does not come back by an event that is late. */
async function findRefusal(environment: string, ports: PromotePorts): Promise<readonly string[] | undefined> {
  const [history, layers] = await Promise.all([ports.readHistory(), ports.listLayers()]);
  const was = layers.some((layer) => layer.environment === environment && history.includes(layer.arn));
  return was ? ['it was in force before, and was rolled back from'] : ports.readRefusal(environment);
}

async function check(
  environment: string,
  ports: PromotePorts,
): Promise<{ readonly manifest: Manifest } | { readonly reasons: readonly string[] }> {
  try {
    const manifest = await ports.readManifest(environment);
    if (!manifest) throw new PromotionError(`the environment ${environment} is not finished, or not there`);
    const missing = ports.wantsEverything ? missingFrom(manifest) : [];
    return missing.length ? { reasons: [`it lacks ${missing.join(', ')}`] } : { manifest };
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    return { reasons: [`its manifest cannot be used: ${error.message}`] };
  }
}

async function ensureLayer(manifest: Manifest, ports: PromotePorts): Promise<LayerVersion> {
  const of = (layers: readonly LayerVersion[]) =>
    layers.find(({ environment }) => environment === manifest.environment);
  const found = of(await ports.listLayers());
  if (found) return found;
  const arn = await ports.publishLayer(manifest);
  const published = (await ports.listLayers()).find((layer) => layer.arn === arn);
  if (!published) throw new Error(`Lambda does not list the layer version ${arn} that was just published.`);
  return published;
}

/** @returns what went wrong; the executor then has the layer again that is in force */
async function switchTo(
  layer: LayerVersion,
  inForce: LayerVersion | undefined,
  ports: PromotePorts,
): Promise<string | undefined> {
  await ports.useLayer('executor', layer.arn);
  const problem = await ports.tryExecutor();
  if (problem && inForce) await ports.useLayer('executor', inForce.arn);
  return problem;
}

/** The pointer, unless it is there already; then what a deploy in between may have undone, and the old ones. */
async function settle(
  layer: LayerVersion,
  outcome: 'promoted' | 'in force' | 'rolled back',
  ports: PromotePorts,
): Promise<Promotion> {
  if (outcome !== 'in force') await ports.movePointer(layer);
  await ports.useLayer('executor', layer.arn);
  await prune(ports);
  ports.log.info('[Promote] in force', { environment: layer.environment, layer: layer.arn, outcome });
  return { outcome, environment: layer.environment, layerArn: layer.arn };
}

/** An earlier attempt may have got as far as the executor. */
async function refuseFor(
  environment: string,
  reasons: readonly string[],
  inForce: LayerVersion | undefined,
  ports: PromotePorts,
): Promise<Promotion> {
  if (inForce) await ports.useLayer('executor', inForce.arn);
  await ports.writeRefusal(environment, reasons);
  ports.log.error('[Promote] refused, the environment in force stays', {
    environment,
    reasons: reasons.join('; ').slice(0, 2_000),
  });
  return { outcome: 'refused', environment, reasons };
}

function noTarget(
  to: string | undefined,
  were: readonly LayerVersion[],
  inForce: LayerVersion | undefined,
): string {
  if (to === undefined) {
    return `there is no environment before ${inForce?.environment ?? 'the one in force'} to go back to`;
  }
  const known = were.map(({ environment }) => environment).join(', ');
  return `the environment ${to} was never in force, or is gone. There is ${known || 'none'}`;
}
