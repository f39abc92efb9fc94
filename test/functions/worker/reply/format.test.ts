import { describe, expect, it } from 'vitest';
import { count, formatBytes, formatSeconds } from '../../../../functions/worker/reply/format.ts';

describe('words for numbers', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [1_023, '1023 bytes'],
    [1_024, '1 KB'],
    [1_500, '1.5 KB'],
    [11_067, '11 KB'],
    [52_428_800, '50 MB'],
    [2 ** 31, '2 GB'],
  ])('%d bytes are %s', (bytes, words) => {
    expect(formatBytes(bytes)).toBe(words);
  });

  it.each([
    [4, '0.00 s'],
    [43, '0.04 s'],
    [1_840, '1.8 s'],
    [12_300, '12 s'],
    [300_000, '5 min'],
    [303_000, '5 min 3 s'],
  ])('%d milliseconds are %s', (milliseconds, words) => {
    expect(formatSeconds(milliseconds)).toBe(words);
  });

  it('counts one and many', () => {
    expect([count(1, 'file'), count(0, 'file')]).toEqual(['1 file', '0 files']);
  });
});
