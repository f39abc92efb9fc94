/**
 * Shows markdown: the tree becomes elements, its text becomes text nodes.
 * @import { Block, Inline } from './markdown.d.ts'
 */
import { h } from './dom.js';
import { parseMarkdown } from './markdown.js';
import { timeElement } from './time.js';

/** @param {string} source @param {ReadonlyMap<string, string>} [names] of users by id */
export function markdown(source, names = new Map()) {
  return h(
    'div',
    { class: 'markdown' },
    parseMarkdown(source).map((block) => blockView(block, names)),
  );
}

/** @param {Block} block @param {ReadonlyMap<string, string>} names @returns {Node} */
function blockView(block, names) {
  switch (block.type) {
    case 'paragraph':
      return h('p', {}, inlineViews(block.children, names));
    case 'subtext':
      return h('p', { class: 'subtext' }, inlineViews(block.children, names));
    case 'heading':
      return h(
        /** @type {const} */ (['h3', 'h4', 'h5'])[block.level - 1] ?? 'h5',
        { class: `heading-${block.level}` },
        inlineViews(block.children, names),
      );
    case 'code':
      return codeView(block.text, block.language);
    case 'quote':
      return h(
        'blockquote',
        {},
        block.blocks.map((inner) => blockView(inner, names)),
      );
    case 'list': {
      const items = block.items.map((item) =>
        h(
          'li',
          {},
          item.map((inner) => blockView(inner, names)),
        ),
      );
      return block.ordered ? h('ol', { start: block.start }, items) : h('ul', {}, items);
    }
  }
}

/** @param {string} text @param {string} language */
function codeView(text, language) {
  const copy = h('button', { class: 'copy', type: 'button', 'aria-label': 'Copy this block' }, 'Copy');
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(text).catch(() => undefined);
    copy.textContent = 'Copied';
    setTimeout(() => {
      copy.textContent = 'Copy';
    }, 1_500);
  });
  return h(
    'div',
    { class: 'code-block' },
    h(
      'pre',
      { tabindex: 0, 'aria-label': language ? `Code, ${language}` : 'Text block' },
      h('code', {}, text),
    ),
    copy,
  );
}

/** @param {readonly Inline[]} nodes @param {ReadonlyMap<string, string>} names */
function inlineViews(nodes, names) {
  return nodes.map((node) => inlineView(node, names));
}

/** @param {Inline} node @param {ReadonlyMap<string, string>} names @returns {Node} */
function inlineView(node, names) {
  switch (node.type) {
    case 'text':
      return document.createTextNode(node.text);
    case 'break':
      return h('br');
    case 'bold':
      return h('strong', {}, inlineViews(node.children, names));
    case 'italic':
      return h('em', {}, inlineViews(node.children, names));
    case 'underline':
      return h('u', {}, inlineViews(node.children, names));
    case 'strike':
      return h('s', {}, inlineViews(node.children, names));
    case 'spoiler':
      return spoilerView(inlineViews(node.children, names));
    case 'code':
      return h('code', {}, node.text);
    case 'link':
      return h(
        'a',
        { href: node.href, target: '_blank', rel: 'noopener noreferrer' },
        inlineViews(node.children, names),
      );
    case 'time':
      return timeElement(node.unix, node.style);
    case 'mention': {
      const name = names.get(node.text.replace(/\D/g, ''));
      return h('span', { class: 'mention' }, name ? `@${name}` : node.text);
    }
  }
}

/** @param {Node[]} children */
function spoilerView(children) {
  const spoiler = h(
    'span',
    { class: 'spoiler', role: 'button', tabindex: 0, 'aria-label': 'Spoiler: show it' },
    children,
  );
  const reveal = () => {
    spoiler.classList.add('shown');
    spoiler.removeAttribute('role');
    spoiler.removeAttribute('aria-label');
  };
  spoiler.addEventListener('click', reveal);
  spoiler.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' || event.key === ' ') reveal();
  });
  return spoiler;
}
