import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CleanupPorts, cleanUp, type DueRecord } from '../../../functions/cleanup/app.ts';
import { createLog } from '../../../functions/shared/log.ts';
import { expiry, hourOf } from '../../../functions/shared/records.ts';
import { fileRecord } from '../../support/records.ts';

const NOW = 1_790_001_234;

/** A store in memory with the index's semantics: one partition an hour, sorted by time. */
function memory(records: DueRecord[], failing: ReadonlySet<string> = new Set()) {
  const state = { watermark: undefined as number | undefined };
  const left = new Set(records);
  const actions: string[] = [];
  const printed: string[] = [];
  const logged: string[] = [];
  const ports: CleanupPorts = {
    async *due(hour, now) {
      yield* [...left].filter((record) => record.dueHour === hour && record.dueAt <= now);
    },
    async removeObject(key) {
      if (failing.has(key)) throw new Error('access denied');
      actions.push(`object ${key}`);
    },
    removeOutputs: async () => undefined,
    async removeRecord(record) {
      actions.push(`record ${record.sk}`);
      left.delete(record);
    },
    readWatermark: async () => state.watermark,
    async writeWatermark(watermark) {
      state.watermark = watermark;
    },
    clock: () => NOW,
    log: createLog({}, (line) => logged.push(line)),
    print: (line) => printed.push(line),
  };
  return { ports, left, actions, printed, logged, state };
}

const expiredFile = (age: number) => fileRecord({ createdAt: NOW - 172_800 - age, ...expiry(NOW - age) });

describe('cleanUp', () => {
  it('deletes the object first, then its record, and says how many', async () => {
    const file = expiredFile(10);
    const { ports, actions, printed } = memory([file]);
    expect(await cleanUp(ports)).toEqual({ removed: 1, failed: 0 });
    expect(actions).toEqual([`object ${file.objectKey}`, `record ${file.sk}`]);
    expect(printed).toEqual(['[Cleanup] Removed 1 files']);
  });

  it('goes on after a file that cannot be deleted, warns, and tries that one again', async () => {
    const [stuck, other] = [expiredFile(90_000), expiredFile(10)];
    const failing = new Set([stuck.objectKey]);
    const { ports, left, logged, state } = memory([stuck, other], failing);
    expect(await cleanUp(ports)).toEqual({ removed: 1, failed: 1 });
    expect([...left]).toEqual([stuck]);
    expect(logged.join()).toContain('"level":"WARN"');
    expect(state.watermark).toBeLessThanOrEqual(stuck.dueAt);
    failing.clear();
    expect(await cleanUp(ports)).toEqual({ removed: 1, failed: 0 });
    expect(left.size).toBe(0);
  });

  it('counts nothing when the database fails, and logs it', async () => {
    const { ports, printed, logged } = memory([]);
    const broken = { ...ports, readWatermark: () => Promise.reject(new Error('table not found')) };
    expect(await cleanUp(broken)).toEqual({ removed: 0, failed: 0 });
    expect(printed).toEqual(['[Cleanup] Removed 0 files']);
    expect(logged.join()).toContain('table not found');
  });

  it('removes exactly what is due, whenever it ran last', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -8 * 86_400, max: 3 * 86_400 }), { maxLength: 30 }),
        fc.option(fc.integer({ min: 0, max: 5 * 86_400 }), { nil: undefined }),
        async (offsets, ranBefore) => {
          const files = offsets.map((offset) => fileRecord(expiry(NOW + offset)));
          const { ports, left, state } = memory(files);
          if (ranBefore !== undefined) {
            await cleanUp({ ...ports, clock: () => NOW - ranBefore });
          }
          await cleanUp(ports);
          expect([...left].every((file) => file.dueAt > NOW)).toBe(true);
          expect(files.filter((file) => file.dueAt > NOW).every((file) => left.has(file))).toBe(true);
          expect(hourOf(state.watermark ?? 0)).toBe(hourOf(NOW));
        },
      ),
    );
  });
});
