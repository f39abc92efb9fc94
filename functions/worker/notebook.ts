/** Takes the code out of a Jupyter notebook: what the executor needs of it, without outputs and pictures. */
import * as z from 'zod';

export interface Notebook {
  /** The code cells as a notebook again, which the executor runs cell by cell. */
  readonly code: string;
  /** The same cells as one text, to look for names of files in. */
  readonly text: string;
}

/** Text, or its lines. */
const source = z.union([z.string(), z.array(z.string())]).optional();
/** Format 3 has another name for the source. */
const cells = z.array(z.looseObject({ cell_type: z.string(), source, input: source }));
const NotebookSchema = z.discriminatedUnion('nbformat', [
  z.looseObject({ nbformat: z.literal(3), worksheets: z.array(z.looseObject({ cells })) }),
  z.looseObject({ nbformat: z.literal(4), cells }),
]);
const LanguageSchema = z.looseObject({
  metadata: z.looseObject({
    kernelspec: z.looseObject({ language: z.string().optional() }).optional(),
    language_info: z.looseObject({ name: z.string().optional() }).optional(),
  }),
});

/** Names of notebooks, which are run like scripts. */
export const isNotebook = (name: string): boolean => /\.ipynb$/i.test(name);

/** @returns the code, or why there is none, in words that go on from the file's name */
export function readNotebook(json: string): Notebook | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return { problem: 'it is not a notebook: its JSON is damaged. Save it again and attach it' };
  }
  const language = languageOf(value);
  if (!/python/i.test(language)) {
    return { problem: `it is written in ${language.slice(0, 40)}, and only Python runs here` };
  }
  const notebook = NotebookSchema.safeParse(value);
  if (!notebook.success) {
    return { problem: 'it is not a notebook of format 3 or 4, which is what Slashbox can read' };
  }
  const all =
    notebook.data.nbformat === 3 ? notebook.data.worksheets.flatMap((one) => one.cells) : notebook.data.cells;
  const sources = all
    .filter((cell) => cell.cell_type === 'code')
    .map((cell) => [cell.source ?? cell.input ?? ''].flat().join(''))
    .filter((text) => text.trim());
  if (sources.length === 0) return { problem: 'it has no code cells' };
  const slim = { nbformat: 4, cells: sources.map((text) => ({ cell_type: 'code', source: text })) };
  return { code: JSON.stringify(slim), text: sources.join('\n') };
}

/** Kernels say it in one of two places; a notebook that does not say is taken for Python. */
function languageOf(value: unknown): string {
  const { data } = LanguageSchema.safeParse(value);
  return data?.metadata.kernelspec?.language ?? data?.metadata.language_info?.name ?? 'python';
}
