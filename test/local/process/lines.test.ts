import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { onLines } from '../../../local/process/lines.ts';

async function linesOf(chunks: readonly Uint8Array[]): Promise<string[]> {
  const lines: string[] = [];
  const stream = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
  onLines(stream, (line) => lines.push(line));
  await finished(stream);
  return lines;
}

describe('lines of a stream', () => {
  it('are the same however the bytes are cut', async () => {
    const cut = fc.tuple(fc.array(fc.string({ unit: 'grapheme' })), fc.infiniteStream(fc.nat(7)));
    await fc.assert(
      fc.asyncProperty(cut, async ([texts, sizes]) => {
        const lines = texts.map((line) => line.replace(/[\r\n]/g, ''));
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const chunks: Buffer[] = [];
        for (let at = 0; at < bytes.length; ) {
          const size = 1 + (sizes.next().value ?? 0);
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(await linesOf(chunks)).toEqual(lines);
      }),
    );
  });

  it('include a last one without an end', async () => {
    expect(await linesOf([Buffer.from('one\r\ntwo')])).toEqual(['one', 'two']);
  });

  it('come in pieces where a line has no end', async () => {
    const lines = await linesOf(Array.from({ length: 10 }, () => Buffer.alloc(10_000, 'x')));
    expect(lines.join('')).toHaveLength(100_000);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(16_384);
  });
});
