/**
 * The channel's messages, kept at the bottom while a person reads there.
 * @import { APIMessage } from 'discord-api-types/v10'
 */
import { byId, h } from './dom.js';
import { messageView } from './message-view.js';

const NEAR_BOTTOM_PX = 120;

/** @param {import('./message-view.js').MessageContext} context */
export function createLog(context) {
  const place = byId('messages');
  const scroller = byId('log');
  /** @type {Map<string, HTMLElement>} */
  const shown = new Map();

  let isAtBottom = true;
  const toEnd = () => {
    scroller.scrollTop = scroller.scrollHeight;
  };
  scroller.addEventListener('scroll', () => {
    isAtBottom = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_BOTTOM_PX;
  });

  const log = {
    /** @param {readonly APIMessage[]} messages */
    replace(messages) {
      shown.clear();
      place.replaceChildren();
      for (const message of messages) log.put(message);
      toEnd();
    },
    /** @param {APIMessage} message */
    put(message) {
      const view = messageView(message, context);
      const before = shown.get(message.id);
      if (before) before.replaceWith(view);
      else place.append(view);
      shown.set(message.id, view);
    },
    /** @param {string} id */
    remove(id) {
      shown.get(id)?.remove();
      shown.delete(id);
    },
    toEnd,
    /** A failure, which only the person who caused it sees. @param {string} words @param {string} [reason] */
    putFailure(words, reason) {
      const dismiss = h('button', { class: 'text-button', type: 'button' }, 'Dismiss');
      const note = h(
        'div',
        { class: 'failure', role: 'alert' },
        h('p', {}, h('b', {}, `⚠ ${words}`)),
        reason ? h('details', {}, h('summary', {}, 'Why?'), h('p', {}, reason)) : null,
        h('p', { class: 'private-note' }, 'Only you can see this · ', dismiss),
      );
      dismiss.addEventListener('click', () => note.remove());
      place.append(note);
      toEnd();
    },
    /** @param {HTMLElement} view at the top of the channel */
    introduce: (view) => byId('introduction').replaceChildren(view),
  };
  // Messages change and pictures grow: whoever reads at the bottom stays there.
  const observer = new ResizeObserver(() => {
    if (isAtBottom) toEnd();
  });
  observer.observe(place);
  observer.observe(scroller);
  return log;
}
