/** Collects what a user gave to a run: code from a field or a script, stdin, and attached data files. */
import { readFile } from 'node:fs/promises';
import { safeFileName } from '../shared/file-names.ts';
import type { Attachment, Interaction } from '../shared/interaction.ts';
import type { FileRecord } from '../shared/records.ts';
import { fetchAttachment } from './attachments.ts';
import { isScript, unwrapCode } from './code.ts';
import { storeAttachment, type UploadPorts } from './commands/upload.ts';
import { inlineCode } from './reply/text.ts';

export interface RunInput {
  readonly code: string;
  /** What tracebacks call it. */
  readonly codeName: string;
  readonly stdin: string | undefined;
  /** Data files that came with the command; stored like uploads. */
  readonly attached: readonly FileRecord[];
}

/** Bytes of a script; Lambda takes 6 MB for the whole request. */
const MAX_SCRIPT_BYTES = 1_000_000;
const NO_CODE =
  '❌ **There is no code to run.** Give some in the code field, or attach a `.py` file. For instance: `/run code:print("hello")`';

/** @returns the input, or a problem in words for the user; then nothing has run */
export async function gatherRunInput(
  interaction: Interaction,
  ports: UploadPorts,
): Promise<RunInput | { readonly problem: string }> {
  const attachments = interaction.attachments('attach');
  const typed = unwrapCode(interaction.text('code') ?? '');
  const script = typed.trim() ? undefined : attachments.find(({ name }) => isScript(name));
  const source = script ? await readScript(script, ports) : { code: typed, codeName: 'main.py' };
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

async function readScript(
  attachment: Attachment,
  { cdnHosts }: UploadPorts,
): Promise<{ readonly code: string; readonly codeName: string } | { readonly problem: string }> {
  const shown = inlineCode(attachment.name);
  const fetched = await fetchAttachment(attachment, { hosts: cdnHosts, maxBytes: MAX_SCRIPT_BYTES });
  if ('problem' in fetched)
    return { problem: `❌ **Your code did not run:** ${shown} – ${fetched.problem}.` };
  try {
    const code = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(fetched.path));
    return { code, codeName: safeFileName(attachment.name) };
  } catch {
    return {
      problem: `❌ **Your code did not run:** ${shown} is not UTF-8 text. Save it as UTF-8 and attach it again.`,
    };
  } finally {
    await fetched.dispose();
  }
}
