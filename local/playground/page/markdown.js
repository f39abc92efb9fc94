/**
 * Reads Discord's markdown into a tree. The text is hostile: everything that is not recognised stays
 * text, links go to http and https only, and the work grows with the length of the text, not faster.
 * @import { Block } from './markdown.d.ts'
 */
import { parseInline } from './markdown-inline.js';

const FENCE = '```';
const LIST_ITEM = /^( *)([-*]|\d{1,9}\.) +(.*)$/;
const HEADING = /^(#{1,3}) +(.+)$/;
const SUBTEXT = /^-# +(.+)$/;
const QUOTE = /^> (.*)$/;
const MAX_DEPTH = 8;

/** @type {typeof import('./markdown.d.ts').parseMarkdown} */
export function parseMarkdown(source) {
  /** @type {Block[]} */
  const blocks = [];
  let rest = 0;
  while (rest < source.length) {
    const open = source.indexOf(FENCE, rest);
    const close = open < 0 ? -1 : source.indexOf(FENCE, open + FENCE.length);
    if (close < 0) break;
    const body = source.slice(open + FENCE.length, close);
    if (body.trim() === '') {
      blocks.push(...parseLines(source.slice(rest, close + FENCE.length), 0));
    } else {
      blocks.push(...parseLines(withoutLastBreak(source.slice(rest, open)), 0), codeBlock(body));
    }
    rest = close + FENCE.length;
    if (body.trim() !== '' && source[rest] === '\n') rest += 1;
  }
  blocks.push(...parseLines(source.slice(rest), 0));
  return blocks;
}

/** @param {string} body @returns {Block} */
function codeBlock(body) {
  const language = /^([a-z0-9_+\-.#]+)\n/i.exec(body)?.[1] ?? '';
  const text = body.slice(language ? language.length + 1 : 0).replace(/^\n+/, '');
  return { type: 'code', language, text: withoutLastBreak(text) };
}

/** @param {string} text */
function withoutLastBreak(text) {
  return text.endsWith('\n') ? text.slice(0, -1) : text;
}

/** @param {string} text @param {number} depth @returns {Block[]} */
function parseLines(text, depth) {
  if (text === '') return [];
  const lines = text.split('\n');
  /** @type {Block[]} */
  const blocks = [];
  /** @type {string[]} */
  let plain = [];
  const flush = () => {
    if (plain.length > 0) blocks.push({ type: 'paragraph', children: parseInline(plain.join('\n')) });
    plain = [];
  };
  for (let index = 0; index < lines.length; ) {
    const [block, used] = readBlock(lines, index, depth);
    if (block) {
      flush();
      blocks.push(block);
    } else plain.push(lines[index] ?? '');
    index += used;
  }
  flush();
  return blocks;
}

/**
 * @param {readonly string[]} lines @param {number} index @param {number} depth
 * @returns {[Block | undefined, number]} what begins at this line, and how many lines it takes
 */
function readBlock(lines, index, depth) {
  const line = lines[index] ?? '';
  const [, marks = '', title = ''] = HEADING.exec(line) ?? [];
  if (title) {
    const level = /** @type {1 | 2 | 3} */ (marks.length);
    return [{ type: 'heading', level, children: parseInline(title) }, 1];
  }
  const small = SUBTEXT.exec(line)?.[1];
  if (small) return [{ type: 'subtext', children: parseInline(small) }, 1];
  if (depth >= MAX_DEPTH) return [undefined, 1];
  if (line.startsWith('>>> ')) {
    const quoted = [line.slice(4), ...lines.slice(index + 1)].join('\n');
    return [{ type: 'quote', blocks: parseLines(quoted, depth + 1) }, lines.length - index];
  }
  if (QUOTE.test(line)) {
    const quoted = takeWhile(lines, index, (each) => QUOTE.test(each));
    const inner = quoted.map((each) => each.slice(2)).join('\n');
    return [{ type: 'quote', blocks: parseLines(inner, depth + 1) }, quoted.length];
  }
  return LIST_ITEM.test(line) ? readList(lines, index, depth) : [undefined, 1];
}

/**
 * @param {readonly string[]} lines @param {number} index @param {number} depth
 * @returns {[Block, number]}
 */
function readList(lines, index, depth) {
  const [, indent = '', mark = ''] = LIST_ITEM.exec(lines[index] ?? '') ?? [];
  const taken = takeWhile(lines, index, (line) => (LIST_ITEM.exec(line)?.[1]?.length ?? -1) >= indent.length);
  /** @type {Block[][]} */
  const items = [];
  for (let at = 0; at < taken.length; ) {
    const text = LIST_ITEM.exec(taken[at] ?? '')?.[3] ?? '';
    const nested = takeWhile(
      taken,
      at + 1,
      (line) => (LIST_ITEM.exec(line)?.[1]?.length ?? 0) > indent.length,
    );
    items.push([
      { type: 'paragraph', children: parseInline(text) },
      ...parseLines(nested.join('\n'), depth + 1),
    ]);
    at += 1 + nested.length;
  }
  const ordered = /\d/.test(mark);
  return [{ type: 'list', ordered, start: ordered ? Number.parseInt(mark, 10) : 1, items }, taken.length];
}

/** @param {readonly string[]} lines @param {number} from @param {(line: string) => boolean} holds */
function takeWhile(lines, from, holds) {
  let end = from;
  while (end < lines.length && holds(lines[end] ?? '')) end += 1;
  return lines.slice(from, end);
}
