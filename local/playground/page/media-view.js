/** Files and pictures of a message: galleries, file cards, and a closer look at a picture. */
import { formatSize, h } from './dom.js';

const CDN_PATH = /^\/(?:ephemeral-)?attachments\//;

/**
 * Links of the fake CDN as paths of this page, whatever name the page was opened under; null for
 * anything else: nothing is loaded from outside.
 * @param {unknown} url
 */
export function ownPath(url) {
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  return parsed && CDN_PATH.test(parsed.pathname) ? parsed.pathname + parsed.search : null;
}

/** @typedef {{ url?: unknown, width?: number, height?: number, content_type?: string }} Media */

/** @param {readonly { media?: Media, description?: string | null, spoiler?: boolean }[]} items */
export function galleryView(items) {
  const pictures = items.map(({ media = {}, description, spoiler }) =>
    picture(media, description ?? '', spoiler),
  );
  return h('div', { class: `gallery count-${Math.min(items.length, 4)}` }, pictures);
}

/** @param {Media} media @param {string} alt @param {boolean} [spoiler] */
export function picture(media, alt, spoiler = false) {
  const path = ownPath(media.url);
  if (!path) return outside(media.url);
  const { width, height } = media;
  const image = h('img', { src: path, alt, width, height, loading: 'lazy' });
  const name = decodeURIComponent(path.split('?')[0]?.split('/').pop() ?? '');
  const button = h(
    'button',
    { class: 'picture', type: 'button', 'aria-label': `Enlarge ${alt || name}` },
    image,
  );
  if (width && height) button.style.setProperty('aspect-ratio', `${width} / ${height}`);
  if (spoiler) button.classList.add('hidden-picture');
  button.addEventListener('click', () => {
    if (!button.classList.replace('hidden-picture', 'shown')) openPicture(path, alt, name);
  });
  image.addEventListener('error', () =>
    button.replaceWith(h('p', { class: 'gone' }, `${name} is no longer available.`)),
  );
  return button;
}

/** @param {unknown} url */
function outside(url) {
  const href = typeof url === 'string' && /^https?:/i.test(url) ? url : undefined;
  return href
    ? h(
        'a',
        { class: 'gone', href, target: '_blank', rel: 'noopener noreferrer' },
        'Picture from another site',
      )
    : h('p', { class: 'gone' }, 'Picture that cannot be shown');
}

/** @param {{ name: string, size?: number, url: unknown, description?: string | undefined }} file */
export function fileCard({ name, size, url, description }) {
  const path = ownPath(url);
  const details = [size === undefined ? '' : formatSize(size), description].filter(Boolean).join(' · ');
  const extension = /\.([a-z0-9]{1,4})$/i.exec(name)?.[1] ?? 'file';
  return h(
    'div',
    { class: 'file-card' },
    h('span', { class: 'file-icon', 'aria-hidden': 'true' }, extension.toLowerCase()),
    h(
      'span',
      { class: 'file-text' },
      h('span', { class: 'file-name', title: name }, name),
      h('span', { class: 'muted' }, details),
    ),
    path
      ? h(
          'a',
          { class: 'download', href: path, download: name, 'aria-label': `Download ${name}` },
          'Download',
        )
      : h('span', { class: 'muted' }, 'not available'),
  );
}

/** @param {{ filename: string, size: number, url: string, description?: string, content_type?: string, width?: number | null, height?: number | null, flags?: number }} attachment */
export function attachmentView({
  filename,
  size,
  url,
  description,
  content_type: type = '',
  width,
  height,
  flags = 0,
}) {
  const isPicture = /^image\/(png|gif|jpeg|webp)/.test(type) && width && height;
  return isPicture
    ? galleryView([
        { media: { url, width, height }, description: description ?? '', spoiler: (flags & 8) !== 0 },
      ])
    : fileCard({ name: filename, size, url, description });
}

/** @param {string} path @param {string} alt @param {string} name */
function openPicture(path, alt, name) {
  const close = h('button', { class: 'plain-button', type: 'button' }, 'Close');
  const dialog = h(
    'dialog',
    { class: 'lightbox', 'aria-label': alt || name },
    h('img', { src: path, alt }),
    h(
      'div',
      { class: 'lightbox-bar' },
      h('span', {}, alt || name),
      h('a', { href: path, download: name }, 'Download'),
      close,
    ),
  );
  dialog.addEventListener('click', ({ target }) => {
    if (target === dialog || target === close) dialog.close();
  });
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
