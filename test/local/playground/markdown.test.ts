/** Discord's markdown as the page reads it: what it shows, and what hostile text cannot make it do. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Block, type Inline, parseMarkdown } from '../../../local/playground/page/markdown.js';

const text = (value: string): Inline => ({ type: 'text', text: value });
const paragraph = (...children: Inline[]): Block => ({ type: 'paragraph', children });

describe('within a line', () => {
  it.each<[string, Inline[]]>([
    [
      '**bold** and *it* and _it_',
      [
        { type: 'bold', children: [text('bold')] },
        text(' and '),
        { type: 'italic', children: [text('it')] },
        text(' and '),
        { type: 'italic', children: [text('it')] },
      ],
    ],
    ['***both***', [{ type: 'bold', children: [{ type: 'italic', children: [text('both')] }] }]],
    [
      '__under__ ~~gone~~ ||secret||',
      [
        { type: 'underline', children: [text('under')] },
        text(' '),
        { type: 'strike', children: [text('gone')] },
        text(' '),
        { type: 'spoiler', children: [text('secret')] },
      ],
    ],
    ['`a**b**`', [{ type: 'code', text: 'a**b**' }]],
    ['`` a`b ``', [{ type: 'code', text: 'a`b' }]],
    ['snake_case_name and 2 * 3 * 4', [text('snake_case_name and 2 * 3 * 4')]],
    ['\\*plain\\*', [text('*plain*')]],
    ['**open', [text('**open')]],
    [
      '[docs](https://a.example/x)',
      [{ type: 'link', href: 'https://a.example/x', children: [text('docs')] }],
    ],
    [
      'see https://a.example/x.',
      [
        text('see '),
        { type: 'link', href: 'https://a.example/x', children: [text('https://a.example/x')] },
        text('.'),
      ],
    ],
    ['[x](javascript:alert)', [text('[x](javascript:alert)')]],
    ['<t:1790000000:R>', [{ type: 'time', unix: 1_790_000_000, style: 'R' }]],
    ['<t:1790000000>', [{ type: 'time', unix: 1_790_000_000, style: 'f' }]],
    ['<@123> </run:456>', [{ type: 'mention', text: '@123' }, text(' '), { type: 'mention', text: '/run' }]],
    ['<b>no</b>', [text('<b>no</b>')]],
  ])('%s', (source, children) => {
    expect(parseMarkdown(source)).toEqual([paragraph(...children)]);
  });
});

describe('over lines', () => {
  it.each<[string, Block[]]>([
    ['a\nb', [paragraph(text('a'), { type: 'break' }, text('b'))]],
    [
      '# One\n### Three',
      [
        { type: 'heading', level: 1, children: [text('One')] },
        { type: 'heading', level: 3, children: [text('Three')] },
      ],
    ],
    ['-# small', [{ type: 'subtext', children: [text('small')] }]],
    ['```py\nx = 1\n```', [{ type: 'code', language: 'py', text: 'x = 1' }]],
    [
      '```\n  indented\n```after',
      [{ type: 'code', language: '', text: '  indented' }, paragraph(text('after'))],
    ],
    ['```one line```', [{ type: 'code', language: '', text: 'one line' }]],
    ['``` ```', [paragraph(text('``` ```'))]],
    ['> a\n> b', [{ type: 'quote', blocks: [paragraph(text('a'), { type: 'break' }, text('b'))] }]],
    ['>>> a\nb', [{ type: 'quote', blocks: [paragraph(text('a'), { type: 'break' }, text('b'))] }]],
    [
      '3. a\n4. b',
      [{ type: 'list', ordered: true, start: 3, items: [[paragraph(text('a'))], [paragraph(text('b'))]] }],
    ],
    [
      '- a\n  - b',
      [
        {
          type: 'list',
          ordered: false,
          start: 1,
          items: [
            [
              paragraph(text('a')),
              { type: 'list', ordered: false, start: 1, items: [[paragraph(text('b'))]] },
            ],
          ],
        },
      ],
    ],
  ])('%j', (source, blocks) => {
    expect(parseMarkdown(source)).toEqual(blocks);
  });
});

describe('hostile text', () => {
  const noise = fc.string({
    unit: fc.constantFrom(
      '*',
      '_',
      '~',
      '|',
      '`',
      '```',
      '\n',
      '[',
      ']',
      '(',
      ')',
      '<',
      '>',
      '> ',
      '- ',
      '# ',
      '\\',
      'a',
      ' ',
      'http://a.b',
      'javascript:',
      '<t:1:R>',
      '1. ',
    ),
    maxLength: 60,
  });

  it('never throws, never links anywhere but to http and https', () => {
    fc.assert(
      fc.property(fc.oneof(noise, fc.string()), (source) => {
        for (const href of linksOf(parseMarkdown(source))) expect(href).toMatch(/^https?:\/\//);
      }),
      { numRuns: 500 },
    );
  });

  it('of letters comes out as it went in', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'ß', '漢', ' x', '<', '>', '&', '"') }),
        (source) => {
          fc.pre(!/^>+ |^\s|\s$/.test(source));
          expect(textOf(parseMarkdown(source))).toBe(source);
        },
      ),
    );
  });

  it('keeps every letter and digit, whatever stands around them', () => {
    fc.assert(
      fc.property(noise, (source) => {
        const letters = (value: string) => value.replace(/[^a]/g, '').length;
        expect(letters(textOf(parseMarkdown(source)))).toBeGreaterThanOrEqual(
          letters(source.replace(/a+\n/g, '\n').replace(/http:\/\/a\.b|javascript:/g, '')),
        );
      }),
    );
  });

  it.each(['*', '**', '_a', '[', '`', '> ', '||', '<', '- a\n  ', '*a *', 'h', '**a*'])(
    'of 20,000 times %j is read all the same',
    (piece) => {
      expect(parseMarkdown(piece.repeat(20_000)).length).toBeGreaterThan(0);
    },
  );
});

function linksOf(nodes: readonly (Block | Inline)[]): string[] {
  return nodes.flatMap((node) => [...('href' in node ? [node.href] : []), ...linksOf(childrenOf(node))]);
}

function textOf(nodes: readonly (Block | Inline)[]): string {
  return nodes
    .map((node) => ('text' in node ? node.text : node.type === 'break' ? '\n' : textOf(childrenOf(node))))
    .join('');
}

function childrenOf(node: Block | Inline): readonly (Block | Inline)[] {
  if ('children' in node) return node.children;
  if ('blocks' in node) return node.blocks;
  return 'items' in node ? node.items.flat() : [];
}
