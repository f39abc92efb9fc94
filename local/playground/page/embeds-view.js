/** Shows a message's embeds, the older form of rich replies. */
import { h } from './dom.js';
import { markdown } from './markdown-view.js';
import { picture } from './media-view.js';

/** @param {readonly any[]} embeds @param {ReadonlyMap<string, string>} names */
export function embedsView(embeds, names) {
  return embeds.map((embed) => embedView(embed, names));
}

/** @param {any} embed @param {ReadonlyMap<string, string>} names */
function embedView({ title, url, description, color, author, footer, fields = [], image, thumbnail }, names) {
  const href = /^https?:\/\//i.test(url ?? '') ? url : undefined;
  const view = h(
    'div',
    { class: 'container embed' },
    author?.name ? h('p', { class: 'embed-author' }, author.name) : null,
    title
      ? h(
          'p',
          { class: 'embed-title' },
          href ? h('a', { href, target: '_blank', rel: 'noopener noreferrer' }, title) : title,
        )
      : null,
    description ? markdown(description, names) : null,
    fields.length > 0
      ? h(
          'dl',
          { class: 'embed-fields' },
          fields.map((/** @type {any} */ field) => fieldView(field, names)),
        )
      : null,
    image ? picture(image, title ?? '') : null,
    thumbnail ? picture(thumbnail, title ?? '') : null,
    footer?.text ? h('p', { class: 'subtext' }, footer.text) : null,
  );
  if (typeof color === 'number')
    view.style.setProperty('--accent-line', `#${color.toString(16).padStart(6, '0')}`);
  return view;
}

/** @param {any} field @param {ReadonlyMap<string, string>} names */
function fieldView({ name, value, inline }, names) {
  return h(
    'div',
    { class: inline ? 'inline' : '' },
    h('dt', {}, name),
    h('dd', {}, markdown(value ?? '', names)),
  );
}
