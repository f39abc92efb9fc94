import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { safeFileName } from '../../../functions/shared/file-names.ts';

describe('safeFileName', () => {
  it.each([
    ['sales.csv', 'sales.csv'],
    ['Ümläut 日本語.csv', 'Ümläut 日本語.csv'],
    ['../../etc/passwd', '___.._etc_passwd'],
    ['a\nb.csv', 'a_b.csv'],
    ['..', '__'],
    ['.bashrc', '_bashrc'],
    ['', 'file'],
    ['   ', 'file'],
    ['C:\\data\\x.csv', 'C:_data_x.csv'],
    ['evil\u202egnp.exe', 'evil_gnp.exe'],
    ['e\u0301.txt', 'é.txt'],
  ])('turns %j into %j', (given, expected) => {
    expect(safeFileName(given)).toBe(expected);
  });

  it('keeps the extension of a name that is too long', () => {
    const name = safeFileName(`${'ж'.repeat(300)}.csv`);
    expect(name).toMatch(/^ж+\.csv$/);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
  });

  it('makes any text a single, visible, bounded path component, and leaves its own results alone', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (given) => {
        const name = safeFileName(given);
        expect(name).not.toMatch(/[/\\\p{C}]/u);
        expect(['', '.', '..']).not.toContain(name);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
        expect(safeFileName(name)).toBe(name);
      }),
      { numRuns: 1_000 },
    );
  });
});
