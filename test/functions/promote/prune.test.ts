import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KEPT_ENVIRONMENTS, type LayerVersion, planPrune } from '../../../functions/promote/prune.ts';
import { idOf } from './support.ts';

const NOW = 2_000_000_000;
const DAY = 86_400;
const version = (number: number): LayerVersion => ({
  arn: `arn:${number}`,
  number,
  environment: idOf(number),
});
const upTo = (last: number) => Array.from({ length: last }, (_, index) => version(index + 1));
const storedFor = (versions: readonly LayerVersion[]) =>
  versions.map(({ environment }) => ({ environment, changedAt: NOW }));

function plan(input: Partial<Parameters<typeof planPrune>[0]>) {
  const versions = input.versions ?? upTo(12);
  const history = versions.map(({ arn }) => arn);
  return planPrune({ versions, stored: storedFor(versions), history, inStacks: [], now: NOW, ...input });
}

describe('pruning', () => {
  it('keeps the newest eight', () => {
    const { versions, environments } = plan({});
    expect(versions.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
    expect(environments).toEqual([1, 2, 3, 4].map(idOf));
  });

  it('keeps what a stack would go back to', () => {
    expect(plan({ inStacks: ['arn:2'] }).versions.map(({ number }) => number)).toEqual([1, 3, 4]);
  });

  it('keeps what is in force and what was before it, however old they are', () => {
    const history = [...upTo(12).map(({ arn }) => arn), 'arn:1', 'arn:2'];
    const { versions } = plan({ history });
    expect(versions).toEqual([]);
  });

  it('lets go of what was refused once something newer is in force', () => {
    const history = ['arn:1', 'arn:3'];
    expect(plan({ versions: upTo(3), history }).versions.map(({ number }) => number)).toEqual([2]);
  });

  it('keeps what is newer than the one in force: it is being tried, or may be gone forward to', () => {
    expect(plan({ versions: upTo(20), history: ['arn:1', 'arn:2'] }).versions).toEqual([]);
  });

  it('removes nothing while nobody knows what is in force', () => {
    const stored = [{ environment: 'abandoned', changedAt: NOW - 15 * DAY }];
    expect(plan({ stored, history: ['arn:gone'] })).toEqual({ versions: [], environments: [], kept: [] });
  });

  it('gives an environment without a layer two weeks to be finished', () => {
    const stored = [
      { environment: 'building', changedAt: NOW - DAY },
      { environment: 'abandoned', changedAt: NOW - 15 * DAY },
    ];
    expect(plan({ stored }).environments).toEqual(['abandoned']);
  });

  it('never takes what is in use, whatever the history', () => {
    const arns = fc.integer({ min: 1, max: 30 }).map((number) => `arn:${number}`);
    fc.assert(
      fc.property(fc.array(arns, { minLength: 1 }), fc.array(arns), (history, inStacks) => {
        const versions = upTo(30);
        const removed = plan({ versions, history, inStacks });
        const gone = new Set(removed.versions.map(({ arn }) => arn));
        const inForce = history.at(-1);
        const previous = history.findLast((arn) => arn !== inForce);
        for (const arn of [inForce, previous, ...inStacks]) expect(gone).not.toContain(arn);
        const were = versions.filter(({ arn }) => history.includes(arn)).reverse();
        for (const { arn } of were.slice(0, KEPT_ENVIRONMENTS)) expect(gone).not.toContain(arn);
        // Folders go with their layer, never without it.
        expect([...removed.environments].sort()).toEqual(
          removed.versions.map(({ environment }) => environment).sort(),
        );
      }),
    );
  });
});
