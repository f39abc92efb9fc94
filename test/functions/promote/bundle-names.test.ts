import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  namesBundles,
  readBundleNames,
  UnreadableNamesError,
} from '../../../functions/promote/bundle-names.ts';
import { seedKey } from '../../../functions/shared/package-environment.ts';
import { bundleOf, idOf, manifestOf } from './support.ts';

const FOLDER = `environments/${idOf(1)}`;
const SHA256 = 'a'.repeat(64);
const keys = [bundleOf('birch').key, bundleOf('cedar').key];
const progress = {
  version: 1,
  content: ['birch'],
  finished: {
    birch: { recipe: 'b'.repeat(64), bundle: { file: `birch-1.0-${SHA256}.zip.zst`, sha256: SHA256 } },
    cedar: { recipe: 'c'.repeat(64), bundle: { file: `cedar-1.0-${SHA256}.zip.zst`, sha256: SHA256 } },
  },
};
const documents: readonly (readonly [string, Record<string, unknown>])[] = [
  [`${FOLDER}/manifest.json`, manifestOf(idOf(1))],
  [`${FOLDER}/progress.json`, progress],
  [seedKey(idOf(1), '0123456789abcdef'), { version: 1, bundles: keys }],
];

describe('the documents of an environment', () => {
  it.each(documents)('%s names its bundles', (key, document) => {
    expect(namesBundles(key)).toBe(true);
    expect(readBundleNames(key, JSON.stringify(document))).toEqual(keys);
  });

  it.each(documents)('%s of another version cannot be read', (key, document) => {
    const newer = JSON.stringify({ ...document, version: 2 });
    expect(() => readBundleNames(key, newer)).toThrow(UnreadableNamesError);
    expect(() => readBundleNames(key, newer)).toThrow(key);
  });

  it('that is gone cannot be read either', () => {
    expect(() => readBundleNames(`${FOLDER}/progress.json`, undefined)).toThrow(UnreadableNamesError);
  });

  it('that is cut short is never taken for one that names fewer', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...documents),
        fc.double({ min: 0, max: 0.999 }),
        ([key, document], part) => {
          const text = JSON.stringify(document);
          const cut = text.slice(0, Math.floor(text.length * part));
          expect(() => readBundleNames(key, cut)).toThrow(UnreadableNamesError);
        },
      ),
    );
  });

  it.each(['lock.txt', 'layer.zip', 'refused.json', 'checked.txt', 'bundles/manifest.json'])(
    'do not include %s',
    (file) => expect(namesBundles(`${FOLDER}/${file}`)).toBe(false),
  );
});
