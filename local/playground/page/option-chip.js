/**
 * One option of a command that is being typed: its name, a control for its value, and a cross.
 * @import { ActionValue, PageCommandOption } from '../page-protocol.ts'
 */
import { h } from './dom.js';
import { createFileField } from './file-field.js';

const TYPE = { integer: 4, boolean: 5, number: 10, attachment: 11 };

/**
 * @typedef {{ ok: true, value: ActionValue | undefined } | { ok: false, problem: string }} ChipValue
 * @typedef {{
 *   option: PageCommandOption, element: HTMLElement, focus: () => void, isEmpty: () => boolean, text: () => string,
 *   setText: (text: string) => void, setChoice: (name: string, value: string | number) => void,
 *   addFiles?: (files: Iterable<File>) => Promise<unknown>, read: () => Promise<ChipValue>,
 *   showProblem: (has: boolean) => void,
 * }} Chip
 */

/**
 * @param {PageCommandOption} option
 * @param {{ maxBytes: number, onRemove: () => void, onSend: () => void, onInput: () => void, onKey: (event: KeyboardEvent) => boolean, onBlur: () => void }} context
 * @returns {Chip}
 */
export function createChip(option, context) {
  const id = `option-${option.name}`;
  const control = controlFor(option, id, context);
  const remove = h(
    'button',
    {
      class: 'remove',
      type: 'button',
      'aria-label': `Remove option ${option.name}`,
      on: { click: context.onRemove },
    },
    '×',
  );
  const element = h(
    'span',
    { class: `chip ${option.type === TYPE.attachment ? 'with-file' : ''}`, title: option.description },
    h('label', { for: id }, option.name),
    control.element,
    option.required ? null : remove,
  );
  return {
    ...control,
    option,
    element,
    showProblem: (has) => element.classList.toggle('problem', has),
  };
}

/** @typedef {Omit<Chip, 'option' | 'showProblem'>} Control */

/**
 * @param {PageCommandOption} option @param {string} id @param {Parameters<typeof createChip>[1]} context
 * @returns {Control}
 */
function controlFor(option, id, context) {
  if (option.type === TYPE.attachment) return fileControl(option, id, context);
  if (option.type === TYPE.boolean)
    return selectControl(id, context, [
      ['True', true],
      ['False', false],
    ]);
  if (option.choices?.length)
    return selectControl(
      id,
      context,
      option.choices.map(({ name, value }) => [name, value]),
    );
  return textControl(option, id, context);
}

/**
 * @param {PageCommandOption} option @param {string} id @param {Parameters<typeof createChip>[1]} context
 * @returns {Control}
 */
function fileControl(option, id, { maxBytes, onInput }) {
  const field = createFileField({
    label: `${option.name}: ${option.description}`,
    max: 1,
    maxBytes,
    id,
    onChange: onInput,
  });
  return {
    element: field.element,
    focus: field.focus,
    isEmpty: () => field.isEmpty,
    text: () => '',
    setText: () => undefined,
    setChoice: () => undefined,
    addFiles: field.add,
    async read() {
      const files = await field.finish();
      return typeof files === 'string' ? { ok: false, problem: files } : { ok: true, value: files[0] };
    },
  };
}

/**
 * @param {string} id @param {Parameters<typeof createChip>[1]} context
 * @param {readonly (readonly [string, ActionValue])[]} choices
 * @returns {Control}
 */
function selectControl(id, { onSend, onInput }, choices) {
  const select = h(
    'select',
    { id },
    choices.map(([name], index) => h('option', { value: index }, name)),
  );
  select.addEventListener('change', onInput);
  select.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    onSend();
  });
  return {
    element: select,
    focus: () => select.focus(),
    isEmpty: () => false,
    text: () => choices[select.selectedIndex]?.[0] ?? '',
    setText(text) {
      const index = choices.findIndex(([name]) => name.toLowerCase() === text.toLowerCase());
      if (index >= 0) select.selectedIndex = index;
    },
    setChoice: () => undefined,
    read: async () => ({ ok: true, value: choices[select.selectedIndex]?.[1] }),
  };
}

/**
 * @param {PageCommandOption} option @param {string} id @param {Parameters<typeof createChip>[1]} context
 * @returns {Control}
 */
function textControl(option, id, { onSend, onInput, onKey, onBlur, onRemove }) {
  const isNumber = option.type === TYPE.integer || option.type === TYPE.number;
  /** @type {{ name: string, value: string | number } | undefined} */
  let chosen;
  const area = h('textarea', {
    id,
    rows: 1,
    placeholder: option.description,
    spellcheck: 'false',
    autocapitalize: 'off',
    autocomplete: 'off',
    inputmode: isNumber ? 'decimal' : undefined,
    required: option.required,
  });
  area.addEventListener('input', () => {
    chosen = undefined;
    onInput();
  });
  area.addEventListener('focus', onInput);
  area.addEventListener('blur', onBlur);
  area.addEventListener('keydown', (event) => {
    if (onKey(event)) return;
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      onSend();
    } else if (event.key === 'Backspace' && area.value === '' && !option.required) {
      event.preventDefault();
      onRemove();
    }
  });
  return {
    element: area,
    focus: () => area.focus(),
    isEmpty: () => area.value === '',
    text: () => area.value,
    setText(text) {
      area.value = text;
      chosen = undefined;
    },
    setChoice(name, value) {
      area.value = name;
      chosen = { name, value };
    },
    async read() {
      if (chosen?.name === area.value) return { ok: true, value: chosen.value };
      if (area.value === '') return { ok: true, value: undefined };
      if (!isNumber) return { ok: true, value: area.value };
      const number = Number(area.value);
      const isWrong = Number.isNaN(number) || (option.type === TYPE.integer && !Number.isInteger(number));
      return isWrong
        ? { ok: false, problem: `"${option.name}": Enter a number.` }
        : { ok: true, value: number };
    },
  };
}
