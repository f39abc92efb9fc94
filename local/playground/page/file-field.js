/** A place for files: chosen, dropped or pasted, uploaded at once, shown with name and size. */
import { upload } from './api.js';
import { formatSize, h } from './dom.js';

/** @typedef {{ name: string, size: number, state: 'uploading' | 'ready' | 'failed', uploadId?: string, problem?: string }} Upload */

/**
 * @param {{ label: string, max: number, maxBytes: number, id?: string, onChange?: () => void }} options
 */
export function createFileField({ label, max, maxBytes, id, onChange = () => undefined }) {
  /** @type {Upload[]} */
  let uploads = [];
  /** @type {Promise<unknown>} */
  let settled = Promise.resolve();
  const input = h('input', {
    type: 'file',
    id,
    class: 'visually-hidden',
    multiple: max > 1,
    'aria-label': label,
  });
  const list = h('span', { class: 'uploads' });
  const choose = h('button', { class: 'choose-file', type: 'button', on: { click: () => input.click() } });
  const element = h('span', { class: 'file-field' }, list, choose, input);

  const draw = () => {
    list.replaceChildren(...uploads.map(uploadView));
    choose.hidden = uploads.length >= max;
    choose.textContent =
      uploads.length > 0
        ? 'Add another'
        : `Choose ${max > 1 ? 'files' : 'a file'} or drop ${max > 1 ? 'them' : 'it'} here`;
  };
  const changed = () => {
    draw();
    onChange();
  };

  /** @param {Upload} item */
  const uploadView = (item) =>
    h(
      'span',
      { class: `upload ${item.state}` },
      h('span', { class: 'upload-name', title: item.name }, item.name),
      h(
        'span',
        { class: 'muted' },
        item.problem ?? (item.state === 'uploading' ? 'uploading…' : formatSize(item.size)),
      ),
      h(
        'button',
        {
          class: 'remove',
          type: 'button',
          'aria-label': `Remove ${item.name}`,
          on: {
            click: () => {
              uploads = uploads.filter((each) => each !== item);
              draw();
            },
          },
        },
        '×',
      ),
    );

  /** @param {File} file */
  const start = async (file) => {
    /** @type {Upload} */
    const item = { name: file.name, size: file.size, state: 'uploading' };
    uploads = max === 1 ? [item] : [...uploads, item];
    changed();
    const isTooLarge = file.size > maxBytes;
    const answer = isTooLarge
      ? { ok: /** @type {const} */ (false), shown: `Too large: ${formatSize(maxBytes)} at most` }
      : await upload(file);
    if (answer.ok) Object.assign(item, { state: 'ready', uploadId: answer.uploadId, size: answer.size });
    else Object.assign(item, { state: 'failed', problem: answer.shown });
    changed();
  };

  /** @param {Iterable<File>} files */
  const add = (files) => {
    const room = max === 1 ? 1 : max - uploads.length;
    settled = Promise.all([settled, ...[...files].slice(0, room).map(start)]);
    return settled;
  };

  input.addEventListener('change', () => {
    void add(input.files ?? []);
    input.value = '';
  });
  element.addEventListener('dragover', (event) => event.preventDefault());
  element.addEventListener('drop', (event) => {
    event.preventDefault();
    void add(event.dataTransfer?.files ?? []);
  });
  draw();

  return {
    element,
    add,
    get isEmpty() {
      return uploads.length === 0;
    },
    get hasRoom() {
      return uploads.length < max;
    },
    focus: () =>
      (choose.hidden ? /** @type {HTMLElement | null} */ (list.querySelector('.remove')) : choose)?.focus(),
    /** Waits for running uploads. @returns {Promise<{ uploadId: string }[] | string>} what failed, in words */
    async finish() {
      await settled;
      const failed = uploads.find(({ state }) => state === 'failed');
      if (failed) return `${failed.name}: ${failed.problem}`;
      return uploads.flatMap(({ uploadId }) => (uploadId ? [{ uploadId }] : []));
    },
  };
}

/** @typedef {ReturnType<typeof createFileField>} FileField */
