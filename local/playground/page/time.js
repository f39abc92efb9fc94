/** Points in time as Discord shows them: `<t:unix:style>`, relative ones kept current. */
import { h } from './dom.js';

/** @type {Record<string, Intl.DateTimeFormatOptions>} */
const STYLES = {
  t: { timeStyle: 'short' },
  T: { timeStyle: 'medium' },
  d: { dateStyle: 'short' },
  D: { dateStyle: 'long' },
  f: { dateStyle: 'long', timeStyle: 'short' },
  F: { dateStyle: 'full', timeStyle: 'short' },
};
/** @type {readonly [Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];
const REFRESH_MS = 1_000;
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });

/** @param {number} unix seconds @param {string} style one of t T d D f F R */
export function timeElement(unix, style) {
  const date = new Date(unix * 1000);
  if (Number.isNaN(date.getTime())) return h('span', {}, 'Invalid date');
  const full = new Intl.DateTimeFormat(undefined, STYLES.F).format(date);
  const text =
    style === 'R' ? relativeText(unix) : new Intl.DateTimeFormat(undefined, STYLES[style]).format(date);
  const attributes = { class: 'time', datetime: date.toISOString(), title: full };
  return h('time', style === 'R' ? { ...attributes, data: { relative: String(unix) } } : attributes, text);
}

/** @param {number} unix seconds @param {number} [now] seconds */
export function relativeText(unix, now = Date.now() / 1000) {
  const difference = unix - now;
  const [unit, seconds] = UNITS.find(([, size]) => Math.abs(difference) >= size) ?? ['second', 1];
  return relative.format(Math.round(difference / seconds), unit);
}

/** Keeps every relative time on the page current. */
export function keepTimesCurrent() {
  setInterval(() => {
    for (const element of document.querySelectorAll('[data-relative]')) {
      const text = relativeText(Number(/** @type {HTMLElement} */ (element).dataset.relative));
      if (element.textContent !== text) element.textContent = text;
    }
  }, REFRESH_MS);
}

/** @param {string} iso */
export function clockText(iso) {
  const date = new Date(iso);
  const isToday = date.toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(
    undefined,
    isToday ? STYLES.t : { dateStyle: 'short', timeStyle: 'short' },
  ).format(date);
}
