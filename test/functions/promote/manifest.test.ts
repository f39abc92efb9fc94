import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Manifest,
  ManifestError,
  missingFrom,
  parseManifest,
} from '../../../functions/promote/manifest.ts';
import { bundleOf, idOf, manifestOf } from './support.ts';

const ID = idOf(5);
const PLATFORM = { python: '3.13', architecture: 'aarch64' } as const;
const parse = (manifest: unknown) => parseManifest(JSON.stringify(manifest), ID, PLATFORM);

/** A manifest with something else at a path. */
function changed(path: readonly string[], value: unknown): unknown {
  const copy = structuredClone(manifestOf(ID)) as unknown as Record<string, unknown>;
  let place: Record<string, unknown> = copy;
  for (const key of path.slice(0, -1)) place = place[key] as Record<string, unknown>;
  place[path.at(-1) ?? ''] = value;
  return copy;
}

describe('a manifest', () => {
  it('is accepted as the build writes it', () => {
    expect(parse(manifestOf(ID))).toEqual(manifestOf(ID));
  });

  const built = join(process.env.SLASHBOX_TEST_LAYER_ROOT ?? '', 'slashbox', 'manifest.json');
  it.skipIf(!existsSync(built))('is accepted as it lies in the layer that was built here', () => {
    const text = readFileSync(built, 'utf8');
    const { environment, ...platform } = JSON.parse(text);
    expect(parseManifest(text, environment, platform).approved).toHaveLength(62);
  });

  const birch = ['distributions', 'birch'];
  const own = { ...bundleOf('birch'), key: `environments/${ID}/bundles/birch-1.0.zip` };
  const replaced = { ...bundleOf('birch'), sha256: 'b'.repeat(64) };
  it.each([
    ['another environment', ['environment'], idOf(6), 'another environment'],
    ['another Python', ['python'], '3.12', 'the stage runs 3.13 on aarch64'],
    ['another machine', ['architecture'], 'x86_64', 'the stage runs 3.13 on aarch64'],
    ['a bundle of its own folder', [...birch, 'bundle'], own, 'bundle of birch lies elsewhere'],
    ['a bundle of another distribution', [...birch, 'bundle'], bundleOf('cedar'), 'elsewhere'],
    ['a bundle of another content', [...birch, 'bundle'], replaced, 'elsewhere'],
    ['a version that climbs out', [...birch, 'version'], '../../x', 'expected form'],
    ['a requirement that is not there', [...birch, 'requires'], ['dune'], 'requires dune'],
    ['a requirement without bundle', ['distributions', 'cedar', 'bundle'], null, 'requires cedar'],
    ['an import of nobody', ['imports', 'dune'], ['dune'], 'dune is named but not described'],
    ['an import name that is code', ['imports', 'os; x()'], ['amber'], 'expected form'],
    ['a name of Object.prototype', ['imports', 'dune'], ['constructor'], 'named but not described'],
    ['a size that is none', [...birch, 'bundle', 'bytes'], -1, 'expected form'],
    ['something unknown', ['extra'], 1, 'expected form'],
  ])('is refused for %s', (_, path, value, message) => {
    expect(() => parse(changed(path, value))).toThrow(ManifestError);
    expect(() => parse(changed(path, value))).toThrow(message);
  });

  it('that is anything at all is refused in one line, or fits', () => {
    const paths = [['version'], ['approved'], ['imports'], ['distributions'], birch, [...birch, 'bundle']];
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue(), (path, value) => {
        try {
          parse(changed(path, value));
        } catch (error) {
          expect(error).toBeInstanceOf(ManifestError);
          expect(String(error)).not.toContain('\n');
        }
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => parseManifest(text, ID, PLATFORM)).toThrow(ManifestError);
      }),
    );
  });

  it('tells which approved packages it lacks', () => {
    expect(missingFrom(manifestOf(ID))).toEqual([]);
    expect(missingFrom(changed([...birch, 'bundle'], null) as Manifest)).toEqual(['birch']);
  });
});
