/** What a first visitor reads: three steps, each with a command to look at and send. */
import { h } from './dom.js';

const SEEN = 'slashbox.welcome';
const EXAMPLE = 'cafe.csv';
const CODE =
  'import pandas as pd, seaborn as sns; cafe = pd.read_csv("cafe.csv"); sns.lineplot(cafe, x="month", y="cups", hue="drink", sort=False); cafe.groupby("drink").cups.sum()';

/**
 * @param {{ has: (command: string) => boolean, fill: (typed: string, files?: File[]) => void }} composer
 * @returns {HTMLElement | null} null for those who have been here before
 */
export function welcomeView({ has, fill }) {
  if (read() || !has('run') || !has('upload')) return null;
  const close = h(
    'button',
    { class: 'remove', type: 'button', 'aria-label': 'Close this introduction' },
    '×',
  );
  const view = h(
    'section',
    { class: 'welcome', 'aria-labelledby': 'welcome-title' },
    h('h2', { id: 'welcome-title' }, 'Three steps to a chart'),
    close,
    h(
      'ol',
      {},
      step(
        'Upload a CSV',
        'It stays 48 hours, and your code can open it by name.',
        'Fill in /upload',
        async () => fill('/upload', [await exampleFile()]),
      ),
      step('Run code', 'Read the file and draw. No savefig needed.', 'Fill in /run', async () =>
        fill(`/run code:${CODE}`),
      ),
      step('Get the chart', 'The chart, the text and every file you made come back here.'),
    ),
    h('p', { class: 'muted' }, 'For more than one line, send /run alone: it opens an editor.'),
  );
  close.addEventListener('click', () => {
    write();
    view.remove();
  });
  return view;
}

/** @param {string} title @param {string} text @param {string} [label] @param {() => Promise<void>} [act] */
function step(title, text, label, act) {
  const button = label
    ? h('button', { class: 'button secondary', type: 'button', on: { click: () => void act?.() } }, label)
    : null;
  return h('li', {}, h('b', {}, title), h('span', {}, text), button);
}

async function exampleFile() {
  const response = await fetch(`/${EXAMPLE}`);
  return new File([await response.blob()], EXAMPLE, { type: 'text/csv' });
}

/** A browser may forbid storage: then the introduction comes again, which does no harm. */
function read() {
  try {
    return localStorage.getItem(SEEN);
  } catch {
    return null;
  }
}

function write() {
  try {
    localStorage.setItem(SEEN, '1');
  } catch {
    // As above.
  }
}
