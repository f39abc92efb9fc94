/** The list above the command box: commands, options, or choices of an option, by keyboard and touch. */
import { h } from './dom.js';

/** @typedef {{ label: string, detail?: string, note?: string, choose: () => void }} Entry */

/** @param {HTMLElement} place @param {HTMLElement} status told how many there are, for screen readers */
export function createPicker(place, status) {
  /** @type {readonly Entry[]} */
  let entries = [];
  let active = 0;

  const mark = () => {
    for (const [index, element] of [...place.querySelectorAll('[role=option]')].entries()) {
      element.setAttribute('aria-selected', String(index === active));
      if (index === active) element.scrollIntoView({ block: 'nearest' });
    }
  };

  return {
    get isOpen() {
      return entries.length > 0;
    },
    get activeId() {
      return entries.length > 0 ? `entry-${active}` : undefined;
    },
    /** @param {string} title @param {readonly Entry[]} next */
    show(title, next) {
      const before = entries[active]?.label;
      entries = next;
      active = Math.max(
        0,
        next.findIndex(({ label }) => label === before),
      );
      place.hidden = next.length === 0;
      status.textContent = next.length > 0 ? `${title}: ${next.length}` : '';
      const items = next.map(({ label, detail, note, choose }, index) =>
        h(
          'div',
          {
            class: 'entry',
            role: 'option',
            id: `entry-${index}`,
            on: {
              // Before the focus moves: the box keeps it, and a phone its keyboard.
              pointerdown: (event) => event.preventDefault(),
              click: choose,
            },
          },
          h('span', { class: 'entry-label' }, label),
          detail ? h('span', { class: 'entry-detail' }, detail) : null,
          note ? h('span', { class: 'entry-note' }, note) : null,
        ),
      );
      const list = h('div', { role: 'listbox', 'aria-label': title }, items);
      place.replaceChildren(h('p', { class: 'picker-title', 'aria-hidden': 'true' }, title), list);
      mark();
    },
    hide() {
      entries = [];
      place.hidden = true;
      place.replaceChildren();
      status.textContent = '';
    },
    /** @param {1 | -1} step */
    move(step) {
      if (entries.length === 0) return;
      active = (active + step + entries.length) % entries.length;
      mark();
    },
    /** @returns whether there was something to choose */
    choose() {
      entries[active]?.choose();
      return entries.length > 0;
    },
  };
}

/** @typedef {ReturnType<typeof createPicker>} Picker */
