import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesAction, matchesArn, matchesResource, matchesText } from '../../../local/iam/wildcard.ts';

/** A second way to the same answer: letter by letter, without an expression. */
function reference(pattern: string, text: string, spans: (next: string | undefined) => RegExp): boolean {
  if (pattern === '') return text === '';
  const [head, ...rest] = [...pattern];
  const [letter, ...others] = [...text];
  const after = rest.join('');
  if (head === '*') {
    if (reference(after, text, spans)) return true;
    return letter !== undefined && spans(rest[0]).test(letter) && reference(pattern, others.join(''), spans);
  }
  return (
    letter !== undefined && (head === '?' || head === letter) && reference(after, others.join(''), spans)
  );
}
const anything = () => /./su;
const withinPart = (next: string | undefined) => (next === undefined || next === ':' ? /./su : /[^:]/u);

// Few letters, so that patterns often match; what means something in an expression, and what is two code units.
const letters = fc.constantFrom('a', 'B', ':', '/', '.', '+', '(', '$', '-', '\\', '\n', '😀');
const text = fc.array(letters, { maxLength: 8 }).map((all) => all.join(''));
const pattern = fc
  .array(fc.oneof(letters, fc.constantFrom('*', '?')), { maxLength: 6 })
  .map((all) => all.join(''));

describe('wildcards', () => {
  it('match what a reference matches, as text and as resources', () => {
    fc.assert(
      fc.property(pattern, text, (like, found) => {
        expect(matchesText(like, found)).toBe(reference(like, found, anything));
        expect(matchesResource(like, found)).toBe(reference(like, found, withinPart));
      }),
      { numRuns: 2_000 },
    );
  });

  it('match every text by a star, and any text by itself', () => {
    fc.assert(
      fc.property(text, (found) => {
        expect(matchesText('*', found)).toBe(true);
        expect(matchesText(found, found)).toBe(true);
      }),
    );
  });

  it('know no case in actions, and case in resources', () => {
    expect(matchesAction('S3:get*', 's3:GetObject')).toBe(true);
    expect(matchesResource('arn:aws:s3:::Bucket/*', 'arn:aws:s3:::bucket/key')).toBe(false);
  });

  it('go beyond a colon of a resource only where they end a part of it', () => {
    const layer = 'arn:aws:lambda:us-east-1:000000000000:layer:name';
    expect(matchesResource(`${layer}:*`, `${layer}:3`)).toBe(true);
    expect(matchesResource('arn:aws:lambda:*:layer:name', layer)).toBe(true);
    expect(matchesResource('arn:aws:lambda:us-east-1:0*0:layer:na*e', layer)).toBe(true);
    expect(matchesResource('arn:aws:lambda:u*0:layer:name', layer)).toBe(false);
  });

  it('stay within each part of an ARN in conditions', () => {
    const arn = 'arn:aws:lambda:us-east-1:000000000000:function:one';
    expect(matchesArn('arn:aws:lambda:*:*:function:*', arn)).toBe(true);
    expect(matchesArn('arn:aws:lambda:*:function:one', arn)).toBe(false);
    expect(matchesArn('*', arn)).toBe(false);
  });
});
