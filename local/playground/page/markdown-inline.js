/**
 * The part of Discord's markdown that stands within a line.
 * @import { Inline } from './markdown.d.ts'
 */

/** @type {readonly { mark: string, type: 'bold' | 'italic' | 'underline' | 'strike' | 'spoiler' }[]} */
const SPANS = [
  { mark: '**', type: 'bold' },
  { mark: '__', type: 'underline' },
  { mark: '~~', type: 'strike' },
  { mark: '||', type: 'spoiler' },
  { mark: '*', type: 'italic' },
  { mark: '_', type: 'italic' },
];
const ESCAPABLE = /[!-/:-@[-`{-~]/;
const AUTO_LINK = /https?:\/\/[^\s<]*[^\s<.,:;"')\]]/y;
const MASKED_LINK = /\[([^\]\n]{1,300})\]\(<?(https?:\/\/[^\s<>()]{1,2000})>?\)/y;
const TAG =
  /<(?:(https?:\/\/[^\s<>]{1,2000})|t:(-?\d{1,13})(?::([tTdDfFR]))?|(@[!&]?\d{1,20}|#\d{1,20})|\/([\w -]{1,100}):\d{1,20})>/y;
const MAX_DEPTH = 6;

/** @param {string} text @returns {Inline[]} */
export function parseInline(text, depth = 0) {
  /** @type {Inline[]} */
  const nodes = [];
  /** Marks that were searched for and have no end any more: searching once is enough. */
  const endless = new Set();
  let plain = '';
  const flush = () => {
    if (plain) nodes.push({ type: 'text', text: plain });
    plain = '';
  };
  for (let at = 0; at < text.length; ) {
    const char = text[at] ?? '';
    const next = text[at + 1] ?? '';
    if (char === '\\' && ESCAPABLE.test(next)) {
      plain += next;
      at += 2;
      continue;
    }
    const found = readNode(text, at, depth, endless);
    if (found?.node.type === 'text') {
      plain += found.node.text;
      at = found.end;
    } else if (found) {
      flush();
      nodes.push(found.node);
      at = found.end;
    } else {
      plain += char;
      at += 1;
    }
  }
  flush();
  return nodes;
}

/**
 * @param {string} text @param {number} at @param {number} depth @param {Set<string>} endless
 * @returns {{ node: Inline, end: number } | undefined}
 */
function readNode(text, at, depth, endless) {
  switch (text[at]) {
    case '\n':
      return { node: { type: 'break' }, end: at + 1 };
    case '`':
      return readCode(text, at, endless);
    case 'h':
      return readMatch(AUTO_LINK, text, at, ([href]) => link(href, href));
    case '[':
      return readMatch(MASKED_LINK, text, at, ([, label = '', href = '']) => link(href, label));
    case '<':
      return readMatch(TAG, text, at, readTag);
    case '*':
    case '_':
    case '~':
    case '|':
      return depth < MAX_DEPTH ? readSpan(text, at, depth, endless) : undefined;
    default:
      return undefined;
  }
}

/** @param {string} text @param {number} at @param {Set<string>} endless */
function readCode(text, at, endless) {
  const run = /`+/y;
  run.lastIndex = at;
  const ticks = run.exec(text)?.[0] ?? '`';
  // Three or more are a block's fence that has no end.
  if (ticks.length > 2)
    return { node: { type: /** @type {const} */ ('text'), text: ticks }, end: at + ticks.length };
  const mark = ticks;
  if (endless.has(mark)) return undefined;
  const end = text.indexOf(mark, at + mark.length);
  if (end < 0) endless.add(mark);
  const inner = text.slice(at + mark.length, end);
  if (end < 0 || inner === '') return undefined;
  /** @type {Inline} */
  const node = { type: 'code', text: mark === '``' ? inner.replace(/^ (.*) $/s, '$1') : inner };
  return { node, end: end + mark.length };
}

/**
 * @param {RegExp} pattern @param {string} text @param {number} at
 * @param {(match: RegExpExecArray) => Inline} make
 */
function readMatch(pattern, text, at, make) {
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  return match ? { node: make(match), end: at + match[0].length } : undefined;
}

/** @param {string} href @param {string} label @returns {Inline} */
function link(href, label) {
  return { type: 'link', href, children: [{ type: 'text', text: label }] };
}

/** @param {RegExpExecArray} match @returns {Inline} */
function readTag([, href, unix, style = 'f', mention, command]) {
  if (href) return link(href, href);
  if (unix) return { type: 'time', unix: Number(unix), style };
  return { type: 'mention', text: command ? `/${command}` : (mention ?? '') };
}

/** @param {string} text @param {number} at @param {number} depth @param {Set<string>} endless */
function readSpan(text, at, depth, endless) {
  for (const { mark, type } of SPANS) {
    if (!text.startsWith(mark, at) || endless.has(mark)) continue;
    // A single underscore within a word is no mark: snake_case_names are common in code talk.
    if (mark === '_' && /\w/.test(text[at - 1] ?? '')) return undefined;
    const start = at + mark.length;
    const end = findEnd(text, mark, start);
    if (end === undefined) {
      endless.add(mark);
      continue;
    }
    const inner = text.slice(start, end);
    if (inner === '' || (mark.length === 1 && /^\s|\s$/.test(inner))) continue;
    /** @type {Inline} */
    const node = { type, children: parseInline(inner, depth + 1) };
    return { node, end: end + mark.length };
  }
  return undefined;
}

/** @param {string} text @param {string} mark @param {number} from */
function findEnd(text, mark, from) {
  for (let end = text.indexOf(mark, from); end >= 0; end = text.indexOf(mark, end + 1)) {
    if (text[end - 1] === '\\') continue;
    const after = text[end + mark.length] ?? '';
    const isPartOfLonger = after === mark[0];
    if (mark.length === 2) {
      if (!isPartOfLonger) return end;
    } else if (isPartOfLonger) {
      end += 1;
    } else if (mark !== '_' || !/\w/.test(after)) {
      return end;
    }
  }
  return undefined;
}
