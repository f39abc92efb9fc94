import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isScript } from '../../../functions/worker/code.ts';
import { readNotebook } from '../../../functions/worker/notebook.ts';

const cell = (source: unknown, change: object = {}) => ({
  cell_type: 'code',
  metadata: {},
  execution_count: 1,
  outputs: [{ data: { 'image/png': 'A'.repeat(1_000) } }],
  source,
  ...change,
});
const notebook = (cells: unknown, change: object = {}) =>
  JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells, ...change });

describe('readNotebook', () => {
  it('keeps the code cells that hold something, and nothing else of them', () => {
    const read = readNotebook(
      notebook([
        cell(['import x\n', 'x']),
        cell('1/0', { cell_type: 'markdown' }),
        cell(' \n'),
        cell('"a.csv"'),
      ]),
    );
    expect(read).toEqual({
      code: JSON.stringify({
        nbformat: 4,
        cells: [
          { cell_type: 'code', source: 'import x\nx' },
          { cell_type: 'code', source: '"a.csv"' },
        ],
      }),
      text: 'import x\nx\n"a.csv"',
    });
  });

  it('reads format 3, which has worksheets', () => {
    const cells = [{ cell_type: 'code', input: ['6 * 7'], language: 'python' }, { cell_type: 'heading' }];
    const read = readNotebook(JSON.stringify({ nbformat: 3, worksheets: [{ cells }] }));
    expect(read).toMatchObject({ text: '6 * 7' });
  });

  it.each([
    ['{', /its JSON is damaged/],
    ['['.repeat(100_000), /its JSON is damaged/],
    ['[]', /not a notebook of format 3 or 4/],
    ['null', /not a notebook of format 3 or 4/],
    [notebook([cell('1')], { nbformat: 5 }), /not a notebook of format 3 or 4/],
    [notebook({}), /not a notebook of format 3 or 4/],
    [notebook([cell(5)]), /not a notebook of format 3 or 4/],
    [notebook([]), /it has no code cells/],
    [notebook([cell('1')], { metadata: { kernelspec: { language: 'R' } } }), /written in R, and only Python/],
    [notebook([cell('1')], { metadata: { language_info: { name: 'julia' } } }), /written in julia/],
  ])('says why it cannot run %.40j', (text, words) => {
    expect(readNotebook(text)).toEqual({ problem: expect.stringMatching(words) });
  });

  it('takes or refuses whatever JSON there is', () => {
    const key = fc.constantFrom(
      'cells',
      'worksheets',
      'nbformat',
      'metadata',
      'source',
      'kernelspec',
      'cell_type',
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom(3, 4, 'code', 'python', null),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(value, (given) => {
        const read = readNotebook(JSON.stringify(given));
        expect('problem' in read ? read.problem : read.code).toBeTruthy();
      }),
    );
  });
});

describe('isScript', () => {
  it.each(['a.py', 'A.PY', 'b.ipynb', 'B.IPYNB'])('takes %s for code', (name) => {
    expect(isScript(name)).toBe(true);
  });
  it.each(['a.csv', 'py', 'a.py.txt', 'ipynb.json'])('takes %s for data', (name) => {
    expect(isScript(name)).toBe(false);
  });
});
