/**
 * Hourly clean-up: reads what is due from the expiry index, deletes objects first and records after.
 * Its cost follows what expired, not what is stored. What cannot be deleted is a warning, the rest goes
 * on, and the next hour tries again.
 */
import type { Clock } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import { type FileRecord, hourOf, type RunRecord } from '../shared/records.ts';

export type DueRecord = FileRecord | RunRecord;

export interface CleanupPorts {
  /** Records of one hour of the expiry index that are due at `now`. */
  readonly due: (hour: string, now: number) => AsyncIterable<DueRecord>;
  readonly removeObject: (key: string) => Promise<void>;
  /** Removes everything that a run left in its output slots. */
  readonly removeOutputs: (run: RunRecord) => Promise<void>;
  readonly removeRecord: (record: DueRecord) => Promise<void>;
  /** The oldest hour that may still hold something, as unix seconds; undefined before the first clean-up. */
  readonly readWatermark: () => Promise<number | undefined>;
  readonly writeWatermark: (unixSeconds: number, removed: number, now: number) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly print: (line: string) => void;
}

export interface CleanupResult {
  /** Files removed; runs' own records do not count. */
  readonly removed: number;
  readonly failed: number;
}

const HOUR = 3_600;
/** Where no clean-up has ever run: longer than any record lives before DynamoDB's TTL takes it. */
const FIRST_LOOK_BACK = 10 * 24 * HOUR;

/** @returns counts; a database error is logged and counts as nothing removed */
export async function cleanUp(ports: CleanupPorts): Promise<CleanupResult> {
  let result: CleanupResult;
  try {
    result = await removeDue(ports);
  } catch (error) {
    ports.log.error('[Cleanup] the database could not be read or written', {}, error);
    result = { removed: 0, failed: 0 };
  }
  ports.print(`[Cleanup] Removed ${result.removed} files`);
  return result;
}

async function removeDue(ports: CleanupPorts): Promise<CleanupResult> {
  const now = Math.floor(ports.clock());
  const from = (await ports.readWatermark()) ?? now - FIRST_LOOK_BACK;
  let removed = 0;
  let failed = 0;
  let oldestFailure = Number.POSITIVE_INFINITY;
  for (let hour = startOfHour(from); hour <= now; hour += HOUR) {
    for await (const record of ports.due(hourOf(hour), now)) {
      if (await remove(record, ports)) removed += record.type === 'file' ? 1 : 0;
      else {
        failed++;
        oldestFailure = Math.min(oldestFailure, hour);
      }
    }
  }
  // The current hour is looked at again next time, as it still fills; so is the hour of a failure.
  await ports.writeWatermark(Math.min(startOfHour(now), oldestFailure), removed, now);
  return { removed, failed };
}

async function remove(record: DueRecord, ports: CleanupPorts): Promise<boolean> {
  try {
    if (record.type === 'file') await ports.removeObject(record.objectKey);
    else await ports.removeOutputs(record);
    await ports.removeRecord(record);
    return true;
  } catch (error) {
    const id = record.type === 'file' ? record.fileId : record.runId;
    ports.log.warn('[Cleanup] could not remove; the next clean-up tries again', { id }, error);
    return false;
  }
}

const startOfHour = (unixSeconds: number): number => unixSeconds - (unixSeconds % HOUR);
