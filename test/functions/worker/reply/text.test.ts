import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeBlock, excerpt, inlineCode, plainText } from '../../../../functions/worker/reply/text.ts';

const anything = fc.string({ unit: 'binary', maxLength: 300 });
/** Strings made of what breaks formatting, far more often than chance would make them. */
const hostile = fc
  .array(
    fc.constantFrom(
      '`',
      '``',
      '```',
      '\n',
      '\r',
      '\u001b[31m',
      '\u202e',
      '\u200b',
      '@everyone',
      'a',
      ' ',
      '\0',
      '𝄞',
    ),
  )
  .map((parts) => parts.join(''));

describe('plainText', () => {
  it.each([
    ['\u001b[1;31mred\u001b[0m', 'red'],
    ['\u001b]8;;http://evil\u0007link\u001b]8;;\u0007', 'link'],
    ['a\u202eb\u2066c\u200bd', 'abcd'],
    [' 10%\r 50%\r100%\ndone', '100%\ndone'],
    ['a\r\nb\r\n', 'a\nb\n'],
    ['tab\tstays\n', 'tab\tstays\n'],
    ['\0\u0007\u0008x', 'x'],
  ])('shows %j as %j', (given, expected) => {
    expect(plainText(given)).toBe(expected);
  });

  it('leaves nothing invisible but tabs and newlines', () => {
    fc.assert(
      fc.property(fc.oneof(anything, hostile), (text) => {
        expect(plainText(text).replace(/[\t\n]/g, '')).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});

describe('codeBlock', () => {
  it('contains no fence but its own two', () => {
    fc.assert(
      fc.property(fc.oneof(anything, hostile), (text) => {
        const block = codeBlock(text);
        expect(block.startsWith('```\n') && block.endsWith('\n```')).toBe(true);
        const inside = block.slice(4, -4);
        expect(inside).not.toContain('```');
        expect(inside.endsWith('`')).toBe(false);
      }),
    );
  });
});

describe('inlineCode', () => {
  it('stays one line, one piece of code, and short', () => {
    fc.assert(
      fc.property(fc.oneof(anything, hostile), fc.integer({ min: 5, max: 60 }), (text, max) => {
        const code = inlineCode(text, max);
        expect(code).toMatch(/^`[^`\n]+`$/);
        expect([...code].length).toBeLessThanOrEqual(max + 2);
      }),
    );
  });
});

describe('excerpt', () => {
  const size = { characters: 200, lines: 10, bytes: 300 };

  it('leaves a short text as it is', () => {
    expect(excerpt('one\ntwo\n\n', size)).toEqual({ text: 'one\ntwo', shortened: false });
  });

  it('keeps the beginning and the end of many lines and counts what it left out', () => {
    const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`);
    const { text, shortened } = excerpt(lines.join('\n'), size);
    expect(shortened).toBe(true);
    expect(text.startsWith('line 0\n')).toBe(true);
    expect(text.endsWith('\nline 29')).toBe(true);
    expect(text).toContain('… 22 lines left out …');
  });

  it('never exceeds its size, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'grapheme', maxLength: 2_000 }), hostile), (text) => {
        const { text: kept } = excerpt(text, size);
        expect(kept.length).toBeLessThanOrEqual(size.characters);
        expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(size.bytes);
      }),
    );
  });
});
