/**
 * Which files a message has after a change. `attachments` lists all that should be there: those to keep
 * by their id, new ones by the n of `files[n]` (https://discord.com/developers/docs/reference#editing-message-attachments).
 */
import type { StoredFile } from './cdn.ts';
import type { FormErrors } from './errors.ts';
import { normaliseFileName } from './file-names.ts';
import { asText, type Json, objects } from './json.ts';
import type { SentFile } from './request-body.ts';

export interface AttachmentPlan {
  readonly filename: string;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly spoiler: boolean;
  /** Exactly one of the two: already stored, or still to be. */
  readonly file: StoredFile | undefined;
  readonly sent: SentFile | undefined;
}

const MAX_ATTACHMENTS = 10;

/** Problems are added to `errors`; the plan is only good where there are none. */
export function planAttachments(
  existing: readonly AttachmentPlan[],
  body: Json,
  files: readonly SentFile[],
  errors: FormErrors,
  warn: (warning: string) => void,
): AttachmentPlan[] {
  const listed = 'attachments' in body && body.attachments !== null ? objects(body.attachments) : undefined;
  if (!listed && files.length > 0 && existing.length > 0) {
    warn('files without a list of attachments in an edit: Discord asks for all, those to keep and new ones.');
  }
  const plan = listed
    ? fromList(listed, existing, files, errors)
    : [...existing, ...files.map((file) => fromFile(file, {}))];
  if (plan.length > MAX_ATTACHMENTS) {
    errors.add(['attachments'], 'BASE_TYPE_MAX_LENGTH', `Must be ${MAX_ATTACHMENTS} or fewer in length.`);
  }
  const names = plan.map(({ filename }) => filename);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice) warn(`two attachments are named "${twice}": attachment://${twice} shows only the first.`);
  return plan;
}

function fromList(
  listed: readonly Json[],
  existing: readonly AttachmentPlan[],
  files: readonly SentFile[],
  errors: FormErrors,
): AttachmentPlan[] {
  const unlisted = new Set(files);
  const plan = listed.flatMap((entry, index) => {
    const id = String(entry.id);
    const kept = existing.find(({ file }) => file?.id === id);
    if (kept) return [{ ...kept, ...captionOf(entry, kept) }];
    const sent = files.find((file) => String(file.index) === id);
    if (sent && unlisted.delete(sent)) return [fromFile(sent, entry)];
    errors.add(
      ['attachments', index, 'id'],
      'ATTACHMENT_NOT_FOUND',
      `There is neither an attachment with the id ${id} on this message nor an unused files[${id}].`,
    );
    return [];
  });
  for (const { index } of unlisted) {
    errors.add([`files[${index}]`], 'ATTACHMENT_NOT_LISTED', `files[${index}] is not listed in attachments.`);
  }
  return plan;
}

function fromFile(sent: SentFile, entry: Json): AttachmentPlan {
  const { filename, title } = normaliseFileName(asText(entry.filename) ?? sent.name);
  const plan = { filename, title, description: undefined, spoiler: filename.startsWith('SPOILER_') };
  return { ...plan, ...captionOf(entry, plan), file: undefined, sent };
}

function captionOf(entry: Json, now: Pick<AttachmentPlan, 'title' | 'description' | 'spoiler'>) {
  return {
    title: asText(entry.title) ?? now.title,
    description: asText(entry.description) ?? now.description,
    spoiler: typeof entry.is_spoiler === 'boolean' ? entry.is_spoiler : now.spoiler,
  };
}

export const asArray = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);
