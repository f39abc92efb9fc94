import { describe, expect, it } from 'vitest';
import type { ExecutorResult } from '../../../functions/shared/executor-protocol.ts';
import { readInteraction } from '../../../functions/shared/interaction.ts';
import { readLimits } from '../../../functions/shared/limits.ts';
import type { ObjectStore } from '../../../functions/worker/object-store.ts';
import { adoptOutputs } from '../../../functions/worker/outputs.ts';
import { command } from '../../support/interactions.ts';
import { fileRecord } from '../../support/records.ts';

const interaction = readInteraction(command({ id: '77', options: { code: '1' } }));
if (!interaction) throw new Error('the test interaction is not one');

const MB = 1_048_576;
const PNG = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(8)]);

type Said = ExecutorResult['files'][number];
const said = (slot: number, name: string, change: Partial<Said> = {}): Said => ({
  slot,
  name,
  size: 1,
  kind: 'file',
  ...change,
});

function adopt(files: Said[], objects: Record<number, Buffer | number>, adopted: string[] = []) {
  const at = (key: string) => objects[Number(key.replace('outputs/77/', ''))];
  const result = { files, skipped_files: [] } as unknown as ExecutorResult;
  return adoptOutputs(interaction as never, result, {
    limits: readLimits({}),
    files: {
      async adopt(_user, { name, size, contentType }, objectKey) {
        adopted.push(objectKey);
        return { file: fileRecord({ name, size, contentType, objectKey, origin: 'run' }), evicted: [] };
      },
    },
    objects: {
      size: async (key) => {
        const object = at(key);
        return typeof object === 'number' ? object : object?.length;
      },
      read: async (key) => {
        const object = at(key);
        return typeof object === 'number' ? Buffer.alloc(object) : (object ?? Buffer.alloc(0));
      },
      signGet: async (key, seconds, name) => `https://s3/${key}?${seconds}&${name}`,
    } as Pick<ObjectStore, 'size' | 'read' | 'signGet'> as ObjectStore,
  });
}

describe('adoptOutputs', () => {
  it('takes size and kind of image from the object, not from the executor', async () => {
    const { kept } = await adopt([said(0, 'a.png', { size: 999_999 }), said(1, 'b.png')], {
      0: PNG,
      1: Buffer.from('<svg'),
    });
    expect(kept.map(({ file, imageType }) => [file.size, imageType])).toEqual([
      [16, 'image/png'],
      [4, undefined],
    ]);
  });

  it('believes in no slot that it did not give out, and in each only once', async () => {
    const adopted: string[] = [];
    await adopt(
      [said(0, 'a'), said(0, 'b'), said(25, 'c'), said(99, 'd')],
      { 0: PNG, 25: PNG, 99: PNG },
      adopted,
    );
    expect(adopted).toEqual(['outputs/77/0']);
  });

  it('names what did not arrive', async () => {
    const { kept, skipped } = await adopt([said(3, 'ghost.txt')], {});
    expect(kept).toEqual([]);
    expect(skipped).toEqual([{ name: 'ghost.txt', reason: 'it did not arrive' }]);
  });

  it('links what exceeds this server’s limit, twice at most, for minutes only', async () => {
    const files = [0, 1, 2].map((slot) => said(slot, `f${slot}`));
    const { kept } = await adopt(files, { 0: 11 * MB, 1: 11 * MB, 2: 11 * MB });
    expect(kept.map(({ data, link }) => [data, link])).toEqual([
      [undefined, 'https://s3/outputs/77/0?900&f0'],
      [undefined, 'https://s3/outputs/77/1?900&f1'],
      [undefined, undefined],
    ]);
  });

  it('attaches at most nine files and 24 MiB', async () => {
    const twelve = Array.from({ length: 12 }, (_, slot) => said(slot, `f${slot}`));
    const small = await adopt(twelve, Object.fromEntries(twelve.map(({ slot }) => [slot, 10])));
    expect(small.kept.filter(({ data }) => data)).toHaveLength(9);
    const large = await adopt(twelve.slice(0, 4), { 0: 9 * MB, 1: 9 * MB, 2: 9 * MB, 3: 5 * MB });
    expect(large.kept.map(({ data }) => data !== undefined)).toEqual([true, true, false, true]);
  });
});
