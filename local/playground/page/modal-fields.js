/** The kinds of fields that a modal can have. */
import { h } from './dom.js';
import { createFileField } from './file-field.js';

/**
 * @typedef {{ value: string | boolean | string[] | null } | { files: { uploadId: string }[] } | { problem: string }} FieldValue
 * @typedef {{ customId: string, element: HTMLElement, required: boolean, isGroup?: boolean, focus: () => void, read: () => Promise<FieldValue> }} Field
 * @typedef {{ maxBytes: number, names: ReadonlyMap<string, string> }} FieldContext
 */

const PARAGRAPH = 2;

/** @param {any} component @param {string} id @param {FieldContext} context @returns {Field} */
export function createField(component, id, context) {
  switch (component.type) {
    case 4:
      return textField(component, id);
    case 3:
    case 5:
    case 6:
    case 7:
    case 8:
      return selectField(component, id, context);
    case 19:
      return fileField(component, id, context);
    case 21:
      return optionsField(component, id, 'radio');
    case 22:
      return optionsField(component, id, 'checkbox');
    case 23:
      return checkboxField(component, id);
    default:
      return unknownField(component);
  }
}

/** @param {any} component @param {string} id @returns {Field} */
function textField(
  { custom_id: customId, style, value, placeholder, required = true, min_length: min, max_length: max },
  id,
) {
  const attributes = {
    id,
    placeholder,
    required,
    minlength: min,
    maxlength: max ?? 4_000,
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-describedby': `${id}-hint`,
  };
  const input =
    style === PARAGRAPH
      ? h('textarea', { ...attributes, rows: customId === 'code' ? 9 : 3, class: 'code-input' })
      : h('input', { ...attributes, type: 'text' });
  input.value = value ?? '';
  return {
    customId,
    element: input,
    required,
    focus: () => input.focus(),
    read: async () => ({ value: input.value }),
  };
}

/** @param {any} component @param {string} id @param {FieldContext} context @returns {Field} */
function selectField(
  { type, custom_id: customId, placeholder, options, required = true, max_values: max = 1 },
  id,
  { names },
) {
  const choices = type === 5 ? [...names].map(([value, label]) => ({ value, label })) : (options ?? []);
  const isMultiple = max > 1;
  const select = h(
    'select',
    {
      id,
      class: 'select',
      multiple: isMultiple,
      size: isMultiple ? Math.min(6, Math.max(2, choices.length)) : undefined,
    },
    isMultiple ? null : h('option', { value: '' }, placeholder ?? 'Make a selection'),
    choices.map((/** @type {any} */ option) =>
      h('option', { value: option.value, selected: option.default }, option.label),
    ),
  );
  const chosen = () => [...select.selectedOptions].map(({ value }) => value).filter(Boolean);
  return {
    customId,
    element: select,
    required,
    focus: () => select.focus(),
    read: async () => ({ value: chosen() }),
  };
}

/** @param {any} component @param {string} id @param {FieldContext} context @returns {Field} */
function fileField({ custom_id: customId, required = true, max_values: max = 1 }, id, { maxBytes }) {
  const field = createFileField({ label: 'Choose files', max, maxBytes, id });
  return {
    customId,
    element: field.element,
    required,
    focus: field.focus,
    async read() {
      const files = await field.finish();
      return typeof files === 'string' ? { problem: files } : { files };
    },
  };
}

/** @param {any} component @param {string} id @param {'radio' | 'checkbox'} type @returns {Field} */
function optionsField({ custom_id: customId, options = [], required = true }, id, type) {
  /** @type {HTMLInputElement[]} */
  const inputs = options.map((/** @type {any} */ option) =>
    h('input', { type, name: id, value: option.value, checked: option.default }),
  );
  const labels = options.map((/** @type {any} */ option, /** @type {number} */ index) =>
    h(
      'label',
      { class: 'choice' },
      inputs[index],
      h(
        'span',
        {},
        option.label,
        option.description ? h('small', { class: 'muted' }, option.description) : null,
      ),
    ),
  );
  const chosen = () => inputs.filter(({ checked }) => checked).map(({ value }) => value);
  return {
    customId,
    element: h('div', { class: 'choices' }, labels),
    required,
    isGroup: true,
    focus: () => inputs[0]?.focus(),
    read: async () => ({ value: type === 'radio' ? (chosen()[0] ?? null) : chosen() }),
  };
}

/** @param {any} component @param {string} id @returns {Field} */
function checkboxField({ custom_id: customId, default: isOn }, id) {
  const input = h('input', { type: 'checkbox', id, checked: isOn === true, class: 'switch' });
  return {
    customId,
    element: input,
    required: false,
    focus: () => input.focus(),
    read: async () => ({ value: input.checked }),
  };
}

/** @param {any} component @returns {Field} */
function unknownField({ custom_id: customId, type }) {
  const element = h('p', { class: 'gone' }, `This playground has no field of type ${type}.`);
  return {
    customId: customId ?? '',
    element,
    required: false,
    focus: () => undefined,
    read: async () => ({ value: null }),
  };
}
