/** Collects what a user gave to a run: code from a field or a script, stdin, and attached data files. */
import { readFile } from 'node:fs/promises';
import { safeFileName } from '../shared/file-names.ts';
import type { Attachment, Interaction } from '../shared/interaction.ts';
import type { FileRecord } from '../shared/records.ts';
import { type FetchedFile, fetchAttachment } from './attachments.ts';
import { isScript, unwrapCode } from './code.ts';
import { storeAttachment, type UploadPorts } from './commands/upload.ts';
import { isNotebook, readNotebook } from './notebook.ts';
import { formatBytes } from './reply/format.ts';
import { inlineCode } from './reply/text.ts';

export interface RunInput {
  readonly code: string;
  /** In which names of stored files are looked for: of a notebook, its cells' text. */
  readonly text: string;
  /** What tracebacks call it. */
  readonly codeName: string;
  readonly stdin: string | undefined;
  /** Data files that came with the command; stored like uploads. */
  readonly attached: readonly FileRecord[];
}

/** Bytes of a script; Lambda takes 6 MB for the whole request. */
const MAX_SCRIPT_BYTES = 1_000_000;
/** With outputs and pictures, which are left out before it runs. */
const MAX_NOTEBOOK_BYTES = 30_000_000;
const NO_CODE =
  '❌ **There is no code to run.** Give some in the code field, or attach a `.py` or `.ipynb` file. For instance: `/run code:print("hello")`';

/** @returns the input, or a problem in words for the user; then nothing has run */
export async function gatherRunInput(
  interaction: Interaction,
  ports: UploadPorts,
): Promise<RunInput | { readonly problem: string }> {
  const attachments = interaction.attachments('attach');
  const typed = unwrapCode(interaction.text('code') ?? '');
  const script = typed.trim() ? undefined : attachments.find(({ name }) => isScript(name));
  const source = script ? await readScript(script, ports) : { code: typed, text: typed, codeName: 'main.py' };
  if ('problem' in source) return source;
  if (!source.code.trim()) return { problem: NO_CODE };

  const attached: FileRecord[] = [];
  for (const attachment of attachments.filter((one) => one !== script)) {
    const result = await storeAttachment(interaction.userId, attachment, ports);
    if (!result.success) {
      return { problem: `❌ **Your code did not run:** ${inlineCode(attachment.name)} – ${result.error}.` };
    }
    attached.push(result.file);
  }
  return { ...source, stdin: interaction.text('stdin'), attached };
}

type Code = Pick<RunInput, 'code' | 'text' | 'codeName'>;

async function readScript(
  attachment: Attachment,
  { cdnHosts }: UploadPorts,
): Promise<Code | { readonly problem: string }> {
  const maxBytes = isNotebook(attachment.name) ? MAX_NOTEBOOK_BYTES : MAX_SCRIPT_BYTES;
  const fetched = await fetchAttachment(attachment, { hosts: cdnHosts, maxBytes });
  const read = 'problem' in fetched ? fetched : await readCode(fetched, attachment.name);
  if (!('problem' in read)) return read;
  return { problem: `❌ **Your code did not run:** ${inlineCode(attachment.name)} – ${read.problem}.` };
}

async function readCode(file: FetchedFile, name: string): Promise<Code | { readonly problem: string }> {
  const codeName = safeFileName(name).replace(/\.ipynb$/i, '.ipynb');
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file.path));
    if (!isNotebook(name)) return { code: text, text, codeName };
    const notebook = readNotebook(text);
    if ('problem' in notebook) return notebook;
    const size = Buffer.byteLength(notebook.code);
    if (size <= MAX_SCRIPT_BYTES) return { ...notebook, codeName };
    return {
      problem: `its code alone has ${formatBytes(size)}, and ${formatBytes(MAX_SCRIPT_BYTES)} are possible`,
    };
  } catch {
    return { problem: 'it is not UTF-8 text. Save it as UTF-8 and attach it again' };
  } finally {
    await file.dispose();
  }
}
