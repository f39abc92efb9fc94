/**
 * A reply in Slashbox's own terms, and its two forms for Discord: Components V2, and classic content for
 * when Discord refuses the first. Sizes follow https://discord.com/developers/docs/components/reference.
 */
import type { RESTPatchAPIInteractionOriginalResponseJSONBody } from 'discord-api-types/v10';
import { codeBlock, plainText } from './text.ts';

export interface ReplyFile {
  /** As Discord keeps it: A-Z a-z 0-9 . _ - */
  readonly name: string;
  readonly data: Uint8Array;
  readonly contentType: string;
  /** Alt text; images only. */
  readonly description?: string;
}

export interface Reply {
  readonly tone: 'good' | 'bad' | 'neutral';
  /** Markdown, one text display each, in order. */
  readonly texts: readonly string[];
  readonly images?: readonly ReplyFile[];
  readonly files?: readonly ReplyFile[];
  /** Small print below everything. */
  readonly notes?: readonly string[];
}

export type MessageBody = RESTPatchAPIInteractionOriginalResponseJSONBody;

const TEXT_DISPLAY = 10;
const MEDIA_GALLERY = 12;
const FILE = 13;
const SEPARATOR = 14;
const CONTAINER = 17;
const IS_COMPONENTS_V2 = 1 << 15;
const ACCENT = { good: 0x2ecc71, bad: 0xe74c3c, neutral: 0x5865f2 } as const;

/** All text of a message together: Discord fails with 500 a little above 10,170 bytes (docs#8554). */
export const MESSAGE_TEXT = { characters: 4_000, bytes: 9_500 } as const;
/** Discord takes ten attachments a message. */
export const MAX_ATTACHMENTS = 10;
const MAX_CONTENT = 2_000;

/** @returns the body and, in the order of its `attachments`, the files to send with it */
export function toComponents(reply: Reply): { body: MessageBody; files: ReplyFile[] } {
  const { images = [], files = [], notes = [] } = reply;
  const [small = '', ...texts] = withinBudget([smallPrint(notes), ...reply.texts]);
  const components: unknown[] = texts.filter(Boolean).map(textDisplay);
  if (images.length) components.push({ type: MEDIA_GALLERY, items: images.map(galleryItem) });
  components.push(...files.map(({ name }) => ({ type: FILE, file: { url: `attachment://${name}` } })));
  if (small) components.push({ type: SEPARATOR }, textDisplay(small));
  const attached = [...images, ...files];
  const body = {
    flags: IS_COMPONENTS_V2,
    allowed_mentions: { parse: [] },
    attachments: attached.map(describe),
    components: [{ type: CONTAINER, accent_color: ACCENT[reply.tone], components }],
  };
  return { body: body as MessageBody, files: attached };
}

/** The same reply without components, as plain as it gets. */
export function toClassic(reply: Reply): { body: MessageBody; files: ReplyFile[] } {
  const { images = [], files = [], notes = [] } = reply;
  const full = [...reply.texts, ...notes].join('\n');
  const content =
    full.length <= MAX_CONTENT
      ? full
      : [reply.texts[0] ?? '', codeBlock(plainText(full).replaceAll('```', '').slice(0, 1_500))]
          .join('\n')
          .slice(0, MAX_CONTENT);
  const attached = [...images, ...files];
  return {
    body: { content, allowed_mentions: { parse: [] }, attachments: attached.map(describe) } as MessageBody,
    files: attached,
  };
}

const textDisplay = (content: string) => ({ type: TEXT_DISPLAY, content });
const smallPrint = (notes: readonly string[]) => notes.map((note) => `-# ${note}`).join('\n');
const galleryItem = ({ name, description }: ReplyFile) => ({
  media: { url: `attachment://${name}` },
  ...(description && { description }),
});
const describe = ({ name, description }: ReplyFile, index: number) => ({
  id: String(index),
  filename: name,
  ...(description && { description }),
});

/** Builders keep to the budget themselves; this is the net below them, as over it nothing is shown at all. */
function withinBudget(texts: readonly string[]): string[] {
  let { characters, bytes } = MESSAGE_TEXT;
  return texts.map((text) => {
    const kept = cut(text, characters, bytes);
    characters -= kept.length;
    bytes -= Buffer.byteLength(kept);
    return kept;
  });
}

function cut(text: string, characters: number, bytes: number): string {
  if (text.length <= characters && Buffer.byteLength(text) <= bytes) return text;
  let kept = '';
  let used = 0;
  for (const character of text) {
    used += Buffer.byteLength(character);
    if (kept.length + character.length > characters - 1 || used > bytes - 3) break;
    kept += character;
  }
  return kept && `${kept}…`;
}
