import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mentionedFiles } from '../../../functions/worker/mentioned-files.ts';
import { fileRecord } from '../../support/records.ts';

const sales = fileRecord({ name: 'sales.csv' });
const costs = fileRecord({ name: 'costs.csv' });
const quoted = fileRecord({ name: "it's.txt" });
const all = [sales, costs, quoted];

describe('mentionedFiles', () => {
  it.each([
    ['pd.read_csv("sales.csv")', [sales]],
    ["pd.read_csv('data/sales.csv')", [sales]],
    ['open(r"sales.csv"); open(f"costs.csv")', [sales, costs]],
    ['"""sales.csv"""', [sales]],
    ['glob.glob("*.csv")', [sales, costs]],
    ['glob("**/s?les.*")', [sales]],
    ["open('it\\'s.txt')", [quoted]],
    [`load_file("${costs.fileId}")`, [costs]],
    ['sales.csv', []],
    ['open("old-sales.csv")', []],
    ['print("*" * 20)', []],
    ['# don\'t\nopen("sales.csv")', [sales]],
  ])('finds in %s the right files', (code, expected) => {
    expect(mentionedFiles(code, all)).toEqual(expected);
  });

  it('takes the newest of several files with one name', () => {
    const newer = fileRecord({ name: 'sales.csv', createdAt: sales.createdAt + 10 });
    expect(mentionedFiles('open("sales.csv")', [newer, sales])).toEqual([newer]);
  });

  it('takes an older file of the same name when it is asked for by id', () => {
    const newer = fileRecord({ name: 'sales.csv', createdAt: sales.createdAt + 10 });
    const code = `open("sales.csv"); load_file("${sales.fileId}")`;
    expect(mentionedFiles(code, [newer, sales])).toEqual([sales]);
  });

  it('never gives two files of one name, and is done at once with hostile code', () => {
    const parts = fc.constantFrom('"', "'", '"""', "'''", '\\', '*', '?', 'sales.csv', '\n', 'a');
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 200 }), (pieces) => {
        const names = mentionedFiles(pieces.join(''), all).map(({ name }) => name);
        expect(new Set(names).size).toBe(names.length);
      }),
    );
    // Quadratic work on a megabyte would not come back before the test's own limit.
    expect(mentionedFiles('"""\\'.repeat(250_000), all)).toEqual([]);
    expect(mentionedFiles(`"${'*a'.repeat(2_000)}"`, [fileRecord({ name: 'a'.repeat(255) })])).toEqual([]);
  });
});
