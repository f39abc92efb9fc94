import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unwrapCode } from '../../../functions/worker/code.ts';

describe('unwrapCode', () => {
  it.each([
    ['print(1)', 'print(1)'],
    ['```py\nprint(1)\n```', 'print(1)'],
    ['```python\n  print(1)\n```', '  print(1)'],
    ['```\nprint(1)```', 'print(1)'],
    ['```print(1)```', 'print(1)'],
    ['`print(1)`', 'print(1)'],
    ['``print("`")``', 'print("`")'],
    ['x = "```"', 'x = "```"'],
    ['    indented()', '    indented()'],
    ['```py\npython = 1\n```', 'python = 1'],
  ])('takes the code out of %j', (given, code) => {
    expect(unwrapCode(given)).toBe(code);
  });

  it('gives back what was fenced, for any code without a fence in it', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 200 }).filter((code) => !code.includes('`') && !/^\n|\n$/.test(code)),
        (code) => {
          expect(unwrapCode(`\`\`\`py\n${code}\n\`\`\``)).toBe(code);
        },
      ),
    );
  });
});
