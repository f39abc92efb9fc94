import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsePromoteEvent } from '../../../functions/promote/event.ts';

const arrivalOf = (key: string) => ({
  version: '0',
  source: 'aws.s3',
  'detail-type': 'Object Created',
  detail: { version: '0', bucket: { name: 'packages' }, object: { key, size: 1 } },
});

test('a manifest that arrived names its environment', () => {
  expect(parsePromoteEvent(arrivalOf('environments/0123456789abcdef/manifest.json'))).toEqual({
    environment: '0123456789abcdef',
    again: false,
  });
});

test.each([
  'environments/0123456789abcdef/progress.json',
  'environments/manifest.json',
  'environments/a/b/manifest.json',
  'environments/../manifest.json',
  'files/0123456789abcdef/manifest.json',
])('%s is no manifest', (key) => {
  expect(() => parsePromoteEvent(arrivalOf(key))).toThrow();
});

test('an operator may ask for an environment, again, or for the one before', () => {
  expect(parsePromoteEvent({ environment: 'abc', again: true })).toEqual({ environment: 'abc', again: true });
  expect(parsePromoteEvent({ rollBack: true })).toEqual({ rollBack: true });
  expect(parsePromoteEvent({ rollBack: true, to: 'abc' })).toEqual({ rollBack: true, to: 'abc' });
});

test('anything else is refused', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (event) => {
      expect(() => parsePromoteEvent(event)).toThrow();
    }),
  );
});
