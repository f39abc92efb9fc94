/**
 * What Discord refuses in a modal beyond its published schema.
 * Source: https://discord.com/developers/docs/components/reference and
 * https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-modal
 */
import { checkCustomIds, checkOptionValues, checkSelect } from './component-rules.ts';
import { COMPONENT, type Placed, walk } from './components.ts';
import { FormErrors } from './errors.ts';
import { type Json, objects } from './json.ts';

/** The documentation's number; the schema would let 40 through. */
const MAX_PARTS = 5;
const SELECTS: readonly unknown[] = [3, 5, 6, 7, 8];
const GROUP_SIZES: ReadonlyMap<unknown, readonly [number, number]> = new Map([
  [COMPONENT.radioGroup, [2, 10]],
  [COMPONENT.checkboxGroup, [1, 10]],
]);

/** @throws DiscordError 50035 */
export function checkModal(data: Json): void {
  const errors = new FormErrors();
  const path = ['data', 'components'];
  const parts = objects(data.components);
  if (parts.length < 1 || parts.length > MAX_PARTS) {
    errors.add(path, 'BASE_TYPE_BAD_LENGTH', `Must be between 1 and ${MAX_PARTS} in length.`);
  }
  const placed = [...walk(parts, path)];
  checkCustomIds(placed, errors);
  for (const part of placed) checkPart(part, errors);
  errors.throwIfAny();
}

function checkPart({ component, path }: Placed, errors: FormErrors): void {
  const { type } = component;
  if (type === COMPONENT.textInput) checkTextInput({ component, path }, errors);
  if (type === COMPONENT.fileUpload || type === COMPONENT.checkboxGroup)
    checkBounds({ component, path }, errors);
  if (SELECTS.includes(type)) checkSelect({ component, path }, errors);
  const size = GROUP_SIZES.get(type);
  if (!size) return;
  const options = objects(component.options);
  if (options.length < size[0] || options.length > size[1]) {
    errors.add(
      [...path, 'options'],
      'BASE_TYPE_BAD_LENGTH',
      `Must be between ${size[0]} and ${size[1]} in length.`,
    );
  }
  checkOptionValues(options, path, errors);
}

function checkTextInput({ component, path }: Placed, errors: FormErrors): void {
  const {
    value,
    min_length: min = 0,
    max_length: max = 4_000,
    label,
  } = component as {
    value?: string;
    min_length?: number;
    max_length?: number;
    label?: string;
  };
  if (min > max)
    errors.add([...path, 'min_length'], 'NUMBER_TYPE_MAX', 'min_length is larger than max_length.');
  if (value && (value.length > max || value.length < min)) {
    errors.add([...path, 'value'], 'BASE_TYPE_BAD_LENGTH', `Must be between ${min} and ${max} in length.`);
  }
  if (label && path.includes('component')) {
    errors.add(
      [...path, 'label'],
      'LABEL_FORBIDDEN',
      'Inside a Label the text input has no label of its own.',
    );
  }
}

function checkBounds({ component, path }: Placed, errors: FormErrors): void {
  const { min_values: min = 1, max_values: max = Math.max(1, Number(min)) } = component;
  if (Number(min) > Number(max)) {
    errors.add(
      [...path, 'min_values'],
      'SELECT_COMPONENT_MIN_VALUES',
      'min_values is larger than max_values.',
    );
  }
}
