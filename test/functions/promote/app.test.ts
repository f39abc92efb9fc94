import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { PromotionError, promote, rollBack } from '../../../functions/promote/app.ts';
import { ManifestError } from '../../../functions/promote/manifest.ts';
import { Crash, idOf, Stage, untilDone } from './support.ts';

const OLD = idOf(1);
const NEW = idOf(2);
let stage: Stage;

beforeEach(() => {
  stage = stageWithOld();
});

function stageWithOld(): Stage {
  const fresh = new Stage();
  fresh.putInForce(OLD);
  fresh.finish(NEW);
  return fresh;
}

/** Everything that a run or the next deploy could notice. */
const visible = ({ inForce, functions, history, layers, refusals }: Stage) => ({
  inForce,
  functions: { ...functions },
  history: [...history],
  layers: [...layers],
  refusals: [...refusals],
});

describe('a promotion', () => {
  it('tries the environment, lets the executor use it, and moves the pointer last', async () => {
    const steps: string[] = [];
    stage.beforeStep = (name) => steps.push(name);
    const outcome = await promote(NEW, {}, stage.ports);
    expect(outcome).toEqual({ outcome: 'promoted', environment: NEW, layerArn: 'arn:2' });
    const promotion = ['publish', 'use candidate', 'canary', 'use executor', 'first run', 'pointer'];
    expect(steps).toEqual([...promotion, 'mark', 'unmark']);
    expect([stage.inForce, stage.environmentOf('executor')]).toEqual([NEW, NEW]);
  });

  it('does nothing again for what is in force', async () => {
    await promote(NEW, {}, stage.ports);
    const before = visible(stage);
    expect(await promote(NEW, {}, stage.ports)).toMatchObject({ outcome: 'in force' });
    expect(visible(stage)).toEqual(before);
  });

  it('gives the executor back what a deploy in the middle of it took away', async () => {
    await promote(NEW, {}, stage.ports);
    stage.functions.executor = 'arn:1';
    await promote(NEW, {}, stage.ports);
    expect(stage.environmentOf('executor')).toBe(NEW);
  });

  it('leaves everything in force as it is for an environment that the canary refuses', async () => {
    stage.broken.set(NEW, ['importing birch: ImportError: no']);
    const before = { inForce: stage.inForce, executor: stage.functions.executor };
    expect(await promote(NEW, {}, stage.ports)).toEqual({
      outcome: 'refused',
      environment: NEW,
      reasons: ['importing birch: ImportError: no'],
    });
    expect({ inForce: stage.inForce, executor: stage.functions.executor }).toEqual(before);
    expect(stage.lines.join()).toContain('"level":"ERROR"');
  });

  it('does not try a refused one twice, unless it is asked to', async () => {
    stage.broken.set(NEW, ['a network that was slow']);
    await promote(NEW, {}, stage.ports);
    stage.broken.clear();
    expect(await promote(NEW, {}, stage.ports)).toMatchObject({ outcome: 'refused before' });
    expect(stage.inForce).toBe(OLD);
    expect(await promote(NEW, { again: true }, stage.ports)).toMatchObject({ outcome: 'promoted' });
  });

  it('gives the executor its layer back where it does not run with the new one', async () => {
    stage.brokenInExecutor.add(NEW);
    expect(await promote(NEW, {}, stage.ports)).toMatchObject({
      outcome: 'refused',
      reasons: ['it does not start'],
    });
    expect([stage.inForce, stage.environmentOf('executor')]).toEqual([OLD, OLD]);
  });

  it('gives it back too where an attempt that got further was cut off, and the next one is refused', async () => {
    stage.addLayer(NEW);
    stage.functions.executor = 'arn:2';
    stage.broken.set(NEW, ['no']);
    await promote(NEW, {}, stage.ports);
    expect([stage.inForce, stage.environmentOf('executor')]).toEqual([OLD, OLD]);
  });

  it('refuses an environment that lacks packages, where all are wanted', async () => {
    const { distributions, ...rest } = stage.manifests.get(NEW) ?? expect.fail();
    const birch = { ...distributions.birch, bundle: null } as (typeof distributions)[string];
    stage.finish(NEW, { ...rest, distributions: { ...distributions, birch } });
    stage.wantsEverything = true;
    expect(await promote(NEW, {}, stage.ports)).toMatchObject({ reasons: ['it lacks birch'] });
    stage.wantsEverything = false;
    expect(await promote(NEW, { again: true }, stage.ports)).toMatchObject({ outcome: 'promoted' });
  });

  it('refuses one whose manifest cannot be used, before anything is published', async () => {
    const readManifest = async () => {
      throw new ManifestError('it is the manifest of another environment');
    };
    const ports = { ...stage.ports, readManifest };
    expect(await promote(NEW, {}, ports)).toMatchObject({
      outcome: 'refused',
      reasons: ['its manifest cannot be used: it is the manifest of another environment'],
    });
    expect(stage.layers).toHaveLength(1);
  });

  it('needs a finished environment', async () => {
    await expect(promote(idOf(9), {}, stage.ports)).rejects.toThrow(PromotionError);
  });

  it('does not believe a canary that another promotion got in the way of', async () => {
    const { tryEnvironment } = stage.ports;
    const ports = {
      ...stage.ports,
      tryEnvironment: async (manifest: Parameters<typeof tryEnvironment>[0]) => {
        const reasons = await tryEnvironment(manifest);
        stage.functions.candidate = 'arn:1';
        return reasons;
      },
    };
    await expect(promote(NEW, {}, ports)).rejects.toThrow('another promotion is at work');
    expect([stage.inForce, stage.environmentOf('executor')]).toEqual([OLD, OLD]);
  });

  it('does not bring back by a late event what was rolled back from', async () => {
    await promote(NEW, {}, stage.ports);
    await rollBack(undefined, stage.ports);
    expect(await promote(NEW, {}, stage.ports)).toMatchObject({ outcome: 'refused before' });
    expect(stage.inForce).toBe(OLD);
    expect(await promote(NEW, { again: true }, stage.ports)).toMatchObject({ outcome: 'promoted' });
  });
});

describe('crashes', () => {
  /** How often each attempt gets before it crashes; the last one goes through. */
  const attempts = fc.array(fc.nat(12), { maxLength: 4 });
  const ills = fc.record({
    canary: fc.boolean(),
    executor: fc.boolean(),
    /** How many environments were promoted before, so that there is something to prune. */
    earlier: fc.integer({ min: 0, max: 12 }),
  });

  it('at any points lead to the end that there would have been without', async () => {
    await fc.assert(
      fc.asyncProperty(attempts, ills, async (crashes, { canary, executor, earlier }) => {
        const make = (): Stage => {
          const fresh = new Stage();
          for (let number = 100; number < 100 + earlier; number++) fresh.putInForce(idOf(number));
          fresh.putInForce(OLD);
          fresh.finish(NEW);
          if (canary) fresh.broken.set(NEW, ['no']);
          if (executor) fresh.brokenInExecutor.add(NEW);
          return fresh;
        };
        const smooth = make();
        await promote(NEW, {}, smooth.ports);

        const rough = make();
        const waiting = [...crashes];
        let left = waiting.shift() ?? Number.POSITIVE_INFINITY;
        rough.beforeStep = () => {
          // Until the pointer moves, the next deploy would bring the old environment back.
          expect([OLD, NEW]).toContain(rough.inForce);
          if (left-- > 0) return;
          left = waiting.shift() ?? Number.POSITIVE_INFINITY;
          throw new Crash();
        };
        await untilDone(() => promote(NEW, {}, rough.ports));
        expect(visible(rough)).toEqual(visible(smooth));
        expect(rough.stored).toEqual(smooth.stored);
        expect(rough.environmentOf('executor')).toBe(rough.inForce);
        expect(rough.inForce).toBe(canary || executor ? OLD : NEW);
      }),
    );
  });

  it('never leave the pointer on what was not tried', async () => {
    for (let at = 0; at < 6; at++) {
      const rough = stageWithOld();
      const done: string[] = [];
      rough.beforeStep = (name) => {
        if (done.length === at) throw new Crash();
        done.push(name);
      };
      await expect(promote(NEW, {}, rough.ports)).rejects.toThrow(Crash);
      expect(rough.inForce).toBe(OLD);
      if (!done.includes('canary')) expect(rough.environmentOf('executor')).toBe(OLD);
    }
  });
});

describe('going back', () => {
  beforeEach(async () => {
    await promote(NEW, {}, stage.ports);
    stage.finish(idOf(3));
    await promote(idOf(3), {}, stage.ports);
  });

  it('leads to the environment before, and the next time to the one before that', async () => {
    expect(await rollBack(undefined, stage.ports)).toMatchObject({
      outcome: 'rolled back',
      environment: NEW,
    });
    expect([stage.inForce, stage.environmentOf('executor')]).toEqual([NEW, NEW]);
    await rollBack(undefined, stage.ports);
    expect(stage.inForce).toBe(OLD);
    await expect(rollBack(undefined, stage.ports)).rejects.toThrow(`no environment before ${OLD}`);
  });

  it('leads to a named one, forwards too', async () => {
    await rollBack(OLD, stage.ports);
    expect(stage.inForce).toBe(OLD);
    await rollBack(idOf(3), stage.ports);
    expect(stage.inForce).toBe(idOf(3));
    expect(await rollBack(idOf(3), stage.ports)).toMatchObject({ outcome: 'in force' });
  });

  it('says which there are where the named one never was', async () => {
    await expect(rollBack(idOf(9), stage.ports)).rejects.toThrow(
      `the environment ${idOf(9)} was never in force, or is gone. There is ${OLD}, ${NEW}, ${idOf(3)}`,
    );
  });

  it('stays where it is if the earlier one does not run', async () => {
    stage.brokenInExecutor.add(NEW);
    await expect(rollBack(undefined, stage.ports)).rejects.toThrow('does not run: it does not start');
    expect([stage.inForce, stage.environmentOf('executor')]).toEqual([idOf(3), idOf(3)]);
  });

  it('can be repeated after a crash', async () => {
    let left = 2;
    stage.beforeStep = () => {
      if (left-- === 0) throw new Crash();
    };
    await untilDone(() => rollBack(NEW, stage.ports));
    expect([stage.inForce, stage.environmentOf('executor')]).toEqual([NEW, NEW]);
  });
});
