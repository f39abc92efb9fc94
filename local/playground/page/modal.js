/**
 * A modal, as a dialog of the page.
 * @import { PageModal } from '../page-protocol.ts'
 */
import { act } from './api.js';
import { h } from './dom.js';
import { markdown } from './markdown-view.js';
import { createField } from './modal-fields.js';

/** @typedef {import('./modal-fields.js').Field} Field */

/**
 * @param {PageModal} modal
 * @param {{ user: string, maxBytes: number, names: ReadonlyMap<string, string>, onFailure: (shown: string, reason?: string) => void }} context
 */
export function openModal(modal, { user, maxBytes, names, onFailure }) {
  /** @type {Field[]} */
  const fields = [];
  const problem = h('p', { class: 'problem', role: 'alert', hidden: true });
  const submit = h('button', { class: 'button primary', type: 'submit' }, 'Submit');
  const parts = modal.components.map((component, index) => {
    const part = /** @type {any} */ (component);
    if (part.type === 10) return markdown(String(part.content ?? ''), names);
    const inner = part.type === 18 ? part.component : part.components?.[0];
    const field = createField(inner ?? {}, `field-${index}`, { maxBytes, names });
    fields.push(field);
    return labelled(part.type === 18 ? part : (inner ?? {}), field, `field-${index}`);
  });
  const form = h(
    'form',
    { method: 'dialog' },
    h('div', { class: 'modal-fields' }, parts),
    problem,
    h(
      'div',
      { class: 'modal-buttons' },
      h(
        'button',
        { class: 'button secondary', type: 'button', on: { click: () => dialog.close() } },
        'Cancel',
      ),
      submit,
    ),
  );
  const dialog = h(
    'dialog',
    { class: 'modal', 'aria-labelledby': 'modal-title' },
    h('h2', { id: 'modal-title' }, modal.title),
    form,
  );

  /** @param {string} words */
  const say = (words) => {
    problem.textContent = words;
    problem.hidden = words === '';
  };
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (submit.disabled) return;
    submit.disabled = true;
    say('');
    try {
      /** @type {Record<string, any>} */
      const values = {};
      /** @type {Record<string, { uploadId: string }[]>} */
      const files = {};
      for (const field of fields) {
        const read = await field.read();
        if ('problem' in read) return say(read.problem);
        if ('files' in read) files[field.customId] = read.files;
        else if (field.customId) values[field.customId] = read.value;
      }
      const answer = await act({ kind: 'modal', user, modalId: modal.id, values, files });
      if (answer.ok) dialog.close();
      else if (answer.reason === undefined) say(answer.shown);
      else {
        say(answer.shown);
        onFailure(answer.shown, answer.reason);
      }
    } finally {
      submit.disabled = false;
    }
  });
  // In a text of several lines Enter is a line break; this sends without the mouse.
  form.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  fields[0]?.focus();
}

/** @param {any} part @param {Field} field @param {string} id */
function labelled({ label, description }, field, id) {
  const { element, required, isGroup } = field;
  const title = [
    label ?? '',
    required ? h('span', { class: 'required', 'aria-hidden': 'true' }, ' *') : null,
  ];
  const hint = description ? h('p', { class: 'hint', id: `${id}-hint` }, description) : null;
  if (isGroup) return h('fieldset', {}, h('legend', {}, title), hint, element);
  return h('div', { class: 'modal-field' }, h('label', { for: id }, title), hint, element);
}
