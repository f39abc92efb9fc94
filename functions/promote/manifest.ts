/**
 * Reads an environment's manifest as what it is: the word of a function that talks to the internet. Only what
 * fits exactly is let through, and only the keys that bundles of such content have.
 */
import * as z from 'zod';
import { parseJson } from '../shared/json.ts';
import { bundleKey } from '../shared/package-environment.ts';

/** The manifest says something else than was asked for, or something that cannot be; nothing was touched. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
}

/** What the stage runs; a manifest for anything else is refused. */
export interface Platform {
  readonly python: string;
  readonly architecture: 'x86_64' | 'aarch64';
}

const MOST_DISTRIBUTIONS = 2_000;
/** Lambda's `/tmp` has 10 GB. */
const MOST_BYTES = 10 * 2 ** 30;

const name = z
  .string()
  .max(120)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/);
const importName = z
  .string()
  .max(120)
  .regex(/^[A-Za-z_]\w*$/);
const sentence = z.string().max(500);
const size = z.int().min(0).max(MOST_BYTES);

const BundleSchema = z.strictObject({
  key: z.string().max(400),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: size,
  unpacked_bytes: size,
});

const ManifestSchema = z.strictObject({
  version: z.literal(1),
  environment: z.string().regex(/^[0-9a-f]{16}$/),
  python: z.string().regex(/^3\.\d{1,2}$/),
  architecture: z.enum(['x86_64', 'aarch64']),
  system: z.enum(['linux', 'macos']),
  byte_code: z.boolean(),
  approved: z.array(name).min(1).max(MOST_DISTRIBUTIONS),
  absent: z.record(name, sentence),
  imports: z.record(importName, z.array(name).min(1).max(20)),
  distributions: z
    .record(
      name,
      z.strictObject({
        version: z
          .string()
          .max(60)
          .regex(/^[\w.+!-]+$/),
        approved: z.boolean(),
        in_layer: z.boolean(),
        requires: z.array(name).max(MOST_DISTRIBUTIONS),
        bundle: BundleSchema.nullable(),
      }),
    )
    .refine((all) => Object.keys(all).length <= MOST_DISTRIBUTIONS),
  hints: z.record(z.string().max(120), sentence),
  not_imported: z.record(importName, sentence),
});
export type Manifest = z.infer<typeof ManifestSchema>;

/** @throws ManifestError in words, without repeating what is not known to be harmless */
export function parseManifest(text: string, environment: string, platform: Platform): Manifest {
  const parsed = ManifestSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    const [first] = parsed.error.issues;
    throw new ManifestError(`it does not have the expected form: ${first?.code} at ${first?.path.length}`);
  }
  const manifest = parsed.data;
  const mistake = mistakeIn(manifest, environment, platform);
  if (mistake) throw new ManifestError(mistake);
  return manifest;
}

/** In the layer or to be fetched; the rest of the lock is named only for its import names. */
export function isAvailable({ distributions }: Manifest, distribution: string): boolean {
  const found = distributions[distribution];
  return found !== undefined && (found.in_layer || found.bundle !== null);
}

/** Approved distributions that can neither be imported nor fetched. */
export function missingFrom(manifest: Manifest): string[] {
  return Object.entries(manifest.distributions)
    .filter(([distribution, { approved }]) => approved && !isAvailable(manifest, distribution))
    .map(([distribution]) => distribution);
}

function mistakeIn(manifest: Manifest, environment: string, platform: Platform): string | undefined {
  const { distributions } = manifest;
  if (manifest.environment !== environment) return 'it is the manifest of another environment';
  if (manifest.python !== platform.python || manifest.architecture !== platform.architecture) {
    return `it is for Python ${manifest.python} on ${manifest.architecture}, but the stage runs ${platform.python} on ${platform.architecture}`;
  }
  for (const [distribution, { version, bundle, in_layer, requires }] of Object.entries(distributions)) {
    if (bundle && bundle.key !== bundleKey(distribution, version, bundle.sha256))
      return `the bundle of ${distribution} lies elsewhere`;
    if (!bundle && !in_layer) continue;
    const lacking = requires.find((required) => !isAvailable(manifest, required));
    if (lacking) return `${distribution} requires ${lacking}, which is not there`;
  }
  const owner = Object.values(manifest.imports)
    .flat()
    .find((distribution) => !Object.hasOwn(distributions, distribution));
  return owner && `${owner} is named but not described`;
}
