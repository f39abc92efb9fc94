/** Which shared bundles an environment's documents name: what is named stays, what cannot be read is an error. */
import * as z from 'zod';
import { parseJson } from '../shared/json.ts';
import { BUNDLES_PREFIX } from '../shared/package-environment.ts';

/** Nobody knows what is needed; the message names the document. */
export class UnreadableNamesError extends Error {
  override readonly name = 'UnreadableNamesError';
}

/** Of what is known of each; another version may name bundles in another place. */
const version = z.literal(1);
const READERS: Readonly<Record<string, z.ZodType<readonly string[]>>> = {
  /** layers/approved/manifest.py: what a run may fetch. */
  manifest: z
    .object({
      version,
      distributions: z.record(z.string(), z.object({ bundle: z.object({ key: z.string() }).nullable() })),
    })
    .transform(({ distributions }) =>
      Object.values(distributions).flatMap(({ bundle }) => bundle?.key ?? []),
    ),
  /** functions/rebuild/progress.py: what a build has made or taken over, the layer's bundles among it. */
  progress: z
    .object({ version, finished: z.record(z.string(), z.object({ bundle: z.object({ file: z.string() }) })) })
    .transform(({ finished }) => Object.values(finished).map(({ bundle }) => BUNDLES_PREFIX + bundle.file)),
  /** scripts/lib/seed-environment.ts: what a deploy brought. */
  seed: z.object({ version, bundles: z.array(z.string()) }).transform(({ bundles }) => bundles),
};

const DOCUMENT = /^environments\/[^/]+\/(manifest|progress|seed)(?:-[0-9a-f]+)?\.json$/;

export const namesBundles = (key: string): boolean => DOCUMENT.test(key);

/** @param document its key; @throws UnreadableNamesError where the text does not fit, or is of another version */
export function readBundleNames(document: string, text: string | undefined): readonly string[] {
  const reader = READERS[DOCUMENT.exec(document)?.[1] ?? ''];
  const names = reader?.safeParse(parseJson(text ?? ''));
  if (!names?.success) throw new UnreadableNamesError(`${document} is damaged, or of another version`);
  return names.data;
}
