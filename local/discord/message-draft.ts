/**
 * What a message says, and how a body of the API changes it: merging, files, and the rules for messages
 * that the published schema does not know. Sources, unless a line names another:
 * https://discord.com/developers/docs/resources/message and …/resources/webhook
 */
import { type AttachmentPlan, asArray, planAttachments } from './attachment-plan.ts';
import type { Cdn } from './cdn.ts';
import { checkComponents, checkTextBytes } from './component-rules.ts';
import { mediaOf } from './components.ts';
import { emptyMessage, FormErrors, tooLarge } from './errors.ts';
import { asText, type Json, objects } from './json.ts';
import type { SentFile } from './request-body.ts';

export const FLAG = { suppressEmbeds: 4, ephemeral: 64, loading: 128, silent: 4096, v2: 32_768 } as const;

export interface Draft {
  readonly content: string;
  readonly embeds: readonly Json[];
  /** As sent: media still point at `attachment://…`. */
  readonly components: readonly Json[];
  readonly flags: number;
  readonly attachments: readonly AttachmentPlan[];
}

export const EMPTY_DRAFT: Draft = { content: '', embeds: [], components: [], flags: 0, attachments: [] };

export interface ChangeContext {
  readonly cdn: Cdn;
  /** Bytes that one file may have: the interaction's `attachment_size_limit`. */
  readonly fileLimit: number;
  readonly ephemeral: boolean;
  readonly isEdit: boolean;
  /** Told of what Discord allows but a careful bot does not do. */
  readonly warn: (warning: string) => void;
}

const SETTABLE = FLAG.suppressEmbeds | FLAG.v2;
const MAX_EMBED_CHARACTERS = 6_000;
const LEGACY_FIELDS = ['content', 'embeds', 'poll'] as const;

/** @throws DiscordError for everything that Discord would refuse; the draft itself never changes */
export async function changeDraft(
  draft: Draft,
  body: Json,
  files: readonly SentFile[],
  { cdn, fileLimit, ephemeral, isEdit, warn }: ChangeContext,
): Promise<Draft> {
  if (files.some(({ bytes }) => bytes.byteLength > fileLimit)) throw tooLarge();
  const errors = new FormErrors();
  const flags = mergeFlags(draft, body, isEdit, errors, warn);
  const isV2 = (flags & FLAG.v2) !== 0;
  const plan = planAttachments(draft.attachments, body, files, errors, warn);
  const merged = {
    content: 'content' in body ? (asText(body.content) ?? '') : draft.content,
    embeds: 'embeds' in body ? objects(body.embeds) : draft.embeds,
    components: 'components' in body ? objects(body.components) : draft.components,
    flags,
  };
  if (isV2) checkLegacyFields(merged, body, errors);
  if (body.poll) errors.add(['poll'], 'UNSUPPORTED', 'This fake Discord has no polls.');
  checkEmbeds(merged.embeds, errors);
  checkComponents(merged.components, isV2, errors);
  checkReferences(merged, plan, isV2, errors);
  errors.throwIfAny();
  checkTextBytes(merged.components);
  const isEmpty = !merged.content && merged.embeds.length + merged.components.length + plan.length === 0;
  if (isEmpty) throw emptyMessage();
  if (!body.allowed_mentions)
    warn('allowed_mentions is missing: Discord would look for mentions in the text.');
  return { ...merged, attachments: await store(plan, cdn, ephemeral) };
}

function mergeFlags(
  draft: Draft,
  { flags }: Json,
  isEdit: boolean,
  errors: FormErrors,
  warn: ChangeContext['warn'],
): number {
  if (typeof flags !== 'number') return draft.flags;
  const allowed = isEdit ? SETTABLE | FLAG.ephemeral : SETTABLE | FLAG.ephemeral | FLAG.silent;
  if ((flags & ~allowed) !== 0) {
    errors.add(['flags'], 'FLAGS_INVALID', `Only these flags may be set here: ${allowed}.`);
  }
  if (isEdit && (flags & FLAG.ephemeral) !== 0) {
    warn('EPHEMERAL in an edit changes nothing: it is decided by the first answer.');
  }
  if ((draft.flags & FLAG.v2) !== 0 && (flags & FLAG.v2) === 0) {
    errors.add(
      ['flags'],
      'MESSAGE_FLAG_CANNOT_BE_REMOVED',
      'IS_COMPONENTS_V2 cannot be taken off a message.',
    );
  }
  return isEdit ? (draft.flags & ~SETTABLE) | (flags & SETTABLE) : flags;
}

/** https://discord.com/developers/docs/components/reference#legacy-message-component-behavior */
function checkLegacyFields(merged: Omit<Draft, 'attachments'>, body: Json, errors: FormErrors): void {
  for (const field of LEGACY_FIELDS) {
    const value = field === 'poll' ? body.poll : merged[field];
    if (value && asArray(value).length > 0) {
      errors.add(
        [field],
        'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2',
        `The '${field}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2`,
      );
    }
  }
}

function checkEmbeds(embeds: readonly Json[], errors: FormErrors): void {
  const length = (value: unknown): number => asText(value)?.length ?? 0;
  const total = embeds.reduce((sum, { title, description, footer, author, fields }) => {
    const inFields = objects(fields).reduce(
      (all, field) => all + length(field.name) + length(field.value),
      0,
    );
    const [foot, by] = [(footer as Json | undefined)?.text, (author as Json | undefined)?.name];
    return sum + length(title) + length(description) + length(foot) + length(by) + inFields;
  }, 0);
  if (total > MAX_EMBED_CHARACTERS) {
    errors.add(
      ['embeds'],
      'MAX_EMBED_SIZE_EXCEEDED',
      `Embed size exceeds maximum size of ${MAX_EMBED_CHARACTERS}`,
    );
  }
}

/** With components, files show only where a component points at them. */
function checkReferences(
  { components, embeds }: Omit<Draft, 'attachments'>,
  plan: readonly AttachmentPlan[],
  isV2: boolean,
  errors: FormErrors,
): void {
  const names = new Set(plan.map(({ filename }) => filename));
  const used = new Set<string>();
  for (const { media, path } of mediaOf(components)) {
    const url = asText(media.url) ?? '';
    const name = /^attachment:\/\/(.*)$/s.exec(url)?.[1];
    if (name !== undefined) used.add(name);
    if (name !== undefined && !names.has(name)) {
      errors.add(
        path,
        'UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND',
        `The referenced attachment was not found: ${url}. There is: ${[...names].join(', ') || 'none'}.`,
      );
    } else if (name === undefined && (path.includes('file') || !/^https?:/i.test(url))) {
      errors.add(
        path,
        'URL_TYPE_INVALID_SCHEME',
        'A file component takes attachment://, other media also http(s).',
      );
    }
  }
  for (const [index, embed] of embeds.entries()) {
    for (const part of ['image', 'thumbnail'] as const) {
      const url = asText((embed[part] as Json | undefined)?.url) ?? '';
      if (url.startsWith('attachment://') && !names.has(url.slice('attachment://'.length))) {
        errors.add(['embeds', index, part, 'url'], 'ATTACHMENT_NOT_FOUND', `No such attachment: ${url}`);
      }
    }
  }
  if (!isV2) return;
  for (const name of names) {
    if (!used.has(name)) {
      errors.add(
        ['attachments'],
        'ATTACHMENT_NOT_REFERENCED',
        `No component shows "${name}": with IS_COMPONENTS_V2 it would stay invisible.`,
      );
    }
  }
}

async function store(
  plan: readonly AttachmentPlan[],
  cdn: Cdn,
  ephemeral: boolean,
): Promise<readonly AttachmentPlan[]> {
  return Promise.all(
    plan.map(async (attachment) => {
      const { sent, filename, file } = attachment;
      if (file || !sent) return attachment;
      const { contentType, bytes: content } = sent;
      const type = contentType === 'application/octet-stream' ? undefined : contentType;
      const stored = await cdn.add({ name: filename, contentType: type, content, ephemeral });
      return { ...attachment, sent: undefined, file: stored };
    }),
  );
}
