/**
 * Reads what Slashbox needs out of an interaction's JSON.
 * The signature says that Discord sent it, not that it has the shape we expect: Discord adds fields and
 * types over the years, so every access is checked and what is missing is undefined.
 */
import { asRunId, asUserId, type RunId, type UserId } from './ids.ts';

/** https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object-interaction-type */
export const INTERACTION = { ping: 1, command: 2, component: 3, autocomplete: 4, modal: 5 } as const;

export interface Attachment {
  readonly name: string;
  readonly url: string;
  /** Bytes, as Discord states them: checked again while the file is fetched. */
  readonly size: number;
  readonly contentType: string | undefined;
}

export interface Interaction {
  readonly id: RunId;
  readonly type: number;
  readonly token: string;
  readonly applicationId: string;
  readonly userId: UserId;
  /** Command name or modal's custom id; empty for a ping. */
  readonly name: string;
  /** Largest file, in bytes, that a reply here may carry. */
  readonly attachmentSizeLimit: number;
  /** A command's string option or a modal's text field; undefined where not given. */
  text(name: string): string | undefined;
  flag(name: string): boolean;
  /** Attachments of an option or of a modal's file field, in the order the user chose them. */
  attachments(name: string): Attachment[];
}

/** Discord's default where the field is missing: 10 MiB. */
const DEFAULT_ATTACHMENT_LIMIT = 10 * 1024 * 1024;

type Json = Readonly<Record<string, unknown>>;

/** @returns undefined where the JSON is not an interaction by a user */
export function readInteraction(body: unknown): Interaction | undefined {
  if (!isObject(body)) return undefined;
  const { id, type, token, application_id: applicationId } = body;
  const runId = asRunId(id);
  const userId = asUserId(child(child(body, 'member'), 'user').id ?? child(body, 'user').id);
  if (!runId || !userId || typeof type !== 'number') return undefined;
  if (typeof token !== 'string' || !token) return undefined;
  if (typeof applicationId !== 'string' || !asUserId(applicationId)) return undefined;

  const data = child(body, 'data');
  const fields = new Map<string, unknown>(type === INTERACTION.modal ? modalFields(data) : options(data));
  const resolved = child(child(data, 'resolved'), 'attachments');
  const limit = body.attachment_size_limit;
  return {
    id: runId,
    type,
    token,
    applicationId,
    userId,
    name: String((type === INTERACTION.modal ? data.custom_id : data.name) ?? ''),
    attachmentSizeLimit: typeof limit === 'number' && limit > 0 ? limit : DEFAULT_ATTACHMENT_LIMIT,
    text: (name) => asText(fields.get(name)),
    flag: (name) => fields.get(name) === true,
    attachments: (name) =>
      ids(fields.get(name)).flatMap((attachment) => readAttachment(resolved[attachment]) ?? []),
  };
}

function* options(data: Json): Iterable<[string, unknown]> {
  for (const option of list(data.options)) yield [String(option.name), option.value];
}

/** Labels (18) wrap one component each; action rows (1), the older form, wrap several. */
function* modalFields(data: Json): Iterable<[string, unknown]> {
  for (const row of list(data.components)) {
    const inner = isObject(row.component) ? [row.component] : list(row.components);
    for (const field of inner) yield [String(field.custom_id), field.value ?? field.values];
  }
}

function readAttachment(value: unknown): Attachment | undefined {
  if (!isObject(value)) return undefined;
  const { filename, url, size, title, content_type: contentType } = value;
  if (typeof filename !== 'string' || typeof url !== 'string' || typeof size !== 'number') return undefined;
  return { name: originalName(filename, asText(title)), url, size, contentType: asText(contentType) };
}

/**
 * Discord keeps plain ASCII in `filename`; where that changed the name, `title` has it as the user's own
 * machine does, without the extension.
 */
function originalName(filename: string, title: string | undefined): string {
  if (!title) return filename;
  const extension = /\.[^.]{1,16}$/.exec(filename)?.[0] ?? '';
  return title.endsWith(extension) ? title : title + extension;
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;
const child = (value: Json, name: string): Json => (isObject(value[name]) ? value[name] : {});
const list = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const ids = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((item): item is string => typeof item === 'string');
