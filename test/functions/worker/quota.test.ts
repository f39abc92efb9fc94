import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRoom } from '../../../functions/worker/quota.ts';
import { fileRecord } from '../../support/records.ts';

const NOW = 1_790_000_000;
const quota = { maxFiles: 3, producedBytes: 1_000 };

const files = fc.array(
  fc.record({
    origin: fc.constantFrom('upload' as const, 'run' as const),
    status: fc.constantFrom('pending' as const, 'ready' as const, 'deleting' as const),
    size: fc.integer({ min: 0, max: 600 }),
    createdAt: fc.integer({ min: NOW - 200_000, max: NOW }),
  }),
  { maxLength: 12 },
);

describe('planRoom', () => {
  it('evicts nothing while there is room', () => {
    expect(planRoom([fileRecord(), fileRecord()], { origin: 'upload', size: 1 }, quota, NOW)).toEqual([]);
  });

  it('lets the oldest upload make room for one more', () => {
    const [old, mid, young] = [3, 2, 1].map((age) => fileRecord({ createdAt: NOW - age }));
    expect(planRoom([mid, young, old] as never, { origin: 'upload', size: 1 }, quota, NOW)).toEqual([old]);
  });

  it('leaves room for the new file and touches only its own kind', () => {
    fc.assert(
      fc.property(
        files,
        fc.constantFrom('upload' as const, 'run' as const),
        fc.nat(1_000),
        (given, origin, size) => {
          const records = given.map((change) => fileRecord({ ...change }));
          const victims = planRoom(records, { origin, size }, quota, NOW);
          const left = records.filter(
            (file) =>
              file.origin === origin &&
              file.status === 'ready' &&
              file.createdAt + 172_800 > NOW &&
              !victims.includes(file),
          );
          expect(victims.every((victim) => victim.origin === origin)).toBe(true);
          if (origin === 'upload') expect(left.length + 1).toBeLessThanOrEqual(quota.maxFiles);
          else
            expect(left.reduce((sum, file) => sum + file.size, size)).toBeLessThanOrEqual(
              quota.producedBytes,
            );
          for (const victim of victims) {
            expect(left.every((file) => file.createdAt >= victim.createdAt)).toBe(true);
          }
        },
      ),
    );
  });
});
