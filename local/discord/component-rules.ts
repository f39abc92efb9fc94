/**
 * What Discord refuses in a message's components beyond its published schema.
 * Source, unless a line names another: https://discord.com/developers/docs/components/reference
 */
import { COMPONENT, type Placed, textsOf, walk } from './components.ts';
import { DiscordError, type FormErrors } from './errors.ts';
import { isObject, type Json, objects } from './json.ts';

const MAX_COMPONENTS = 40;
const MAX_TEXT_CHARACTERS = 4_000;
/** Above this many processed bytes the API fails: https://github.com/discord/discord-api-docs/issues/8554 */
const MAX_TEXT_BYTES = 10_170;
const BYTES_PER_TEXT_DISPLAY = 12;
const MAX_CLASSIC_ROWS = 5;
const MAX_BUTTONS = 5;
const MAX_OPTIONS = 25;

const LINK = 5;
const PREMIUM = 6;
const SELECTS: readonly unknown[] = [3, 5, 6, 7, 8];

/** Components that only exist with the flag IS_COMPONENTS_V2. */
const V2_ONLY: readonly unknown[] = [9, 10, 11, 12, 13, 14, 17];

export function checkComponents(components: readonly Json[], isV2: boolean, errors: FormErrors): void {
  const placed = [...walk(components)];
  if (placed.length > MAX_COMPONENTS) {
    errors.add(
      ['components'],
      'COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED',
      `The message has ${placed.length} components counting nested ones; ${MAX_COMPONENTS} are allowed.`,
    );
  }
  if (isV2) checkTextTotal(components, errors);
  else checkClassic(placed, components.length, errors);
  checkCustomIds(placed, errors);
  for (const { component, path } of placed) {
    if (component.type === COMPONENT.button) checkButton({ component, path }, errors);
    if (component.type === COMPONENT.actionRow) checkRow({ component, path }, errors);
    if (SELECTS.includes(component.type)) checkSelect({ component, path }, errors);
  }
}

/** @throws DiscordError 500, as the real API does where the text's bytes exceed its budget */
export function checkTextBytes(components: readonly Json[]): void {
  const texts = textsOf(components);
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text) + BYTES_PER_TEXT_DISPLAY, 0);
  if (bytes > MAX_TEXT_BYTES) throw new DiscordError(500, 0, '500: Internal Server Error');
}

function checkTextTotal(components: readonly Json[], errors: FormErrors): void {
  // https://github.com/discord/discord-api-docs/pull/8562
  const characters = textsOf(components).reduce((sum, text) => sum + text.length, 0);
  if (characters > MAX_TEXT_CHARACTERS) {
    errors.add(
      ['components'],
      'COMPONENT_MAX_TOTAL_TEXT_SIZE_EXCEEDED',
      `All text displays together have ${characters} characters; ${MAX_TEXT_CHARACTERS} are allowed.`,
    );
  }
}

function checkClassic(placed: readonly Placed[], rows: number, errors: FormErrors): void {
  if (rows > MAX_CLASSIC_ROWS) {
    errors.add(
      ['components'],
      'BASE_TYPE_BAD_LENGTH',
      `Must be between 1 and ${MAX_CLASSIC_ROWS} in length.`,
    );
  }
  for (const { component, path } of placed) {
    if (V2_ONLY.includes(component.type)) {
      errors.add(
        [...path, 'type'],
        'UNION_TYPE_CHOICES',
        `Component type ${component.type} needs the flag IS_COMPONENTS_V2 (32768).`,
      );
    }
  }
}

export function checkCustomIds(placed: readonly Placed[], errors: FormErrors): void {
  const seen = new Set<unknown>();
  for (const { component, path } of placed) {
    const id = component.custom_id;
    if (typeof id !== 'string') continue;
    if (seen.has(id)) {
      errors.add(
        [...path, 'custom_id'],
        'COMPONENT_CUSTOM_ID_DUPLICATED',
        `Component custom id cannot be duplicated: "${id}".`,
      );
    }
    seen.add(id);
  }
}

function checkButton({ component, path }: Placed, errors: FormErrors): void {
  const { style, url, custom_id: customId, sku_id: sku, label, emoji } = component;
  const isLink = style === LINK;
  const isPremium = style === PREMIUM;
  if (isLink && !url)
    errors.add([...path, 'url'], 'BUTTON_COMPONENT_URL_REQUIRED', 'A link button needs a url.');
  if (isLink && url && !/^(https?|discord):\/\//i.test(String(url))) {
    errors.add(
      [...path, 'url'],
      'URL_TYPE_INVALID_SCHEME',
      'Scheme must be one of ("http", "https", "discord").',
    );
  }
  if (!isLink && url)
    errors.add([...path, 'url'], 'BUTTON_COMPONENT_URL_FORBIDDEN', 'Only link buttons have a url.');
  if (isPremium && !sku)
    errors.add([...path, 'sku_id'], 'BASE_TYPE_REQUIRED', 'A premium button needs a sku_id.');
  if (!isLink && !isPremium && !customId) {
    errors.add(
      [...path, 'custom_id'],
      'BUTTON_COMPONENT_CUSTOM_ID_REQUIRED',
      'A custom id required for a button.',
    );
  }
  if ((isLink || isPremium) && customId) {
    errors.add(
      [...path, 'custom_id'],
      'BUTTON_COMPONENT_CUSTOM_ID_FORBIDDEN',
      'This style has no custom_id.',
    );
  }
  if (!isPremium && !label && !emoji) {
    errors.add([...path, 'label'], 'BUTTON_COMPONENT_INVALID_LABEL', 'A button needs a label or an emoji.');
  }
}

function checkRow({ component, path }: Placed, errors: FormErrors): void {
  const kinds = objects(component.components).map(({ type }) => type);
  const selects = kinds.filter((type) => SELECTS.includes(type)).length;
  if (kinds.length > MAX_BUTTONS || (selects > 0 && kinds.length > 1)) {
    errors.add(
      [...path, 'components'],
      'COMPONENT_LAYOUT_WIDTH_EXCEEDED',
      'A row holds up to five buttons or one select menu.',
    );
  }
}

/** Shared with modals, where the same menus appear. */
export function checkSelect({ component, path }: Placed, errors: FormErrors): void {
  const { min_values: min = 1, max_values: max = 1 } = component as {
    min_values?: number;
    max_values?: number;
  };
  if (min > max) {
    errors.add(
      [...path, 'min_values'],
      'SELECT_COMPONENT_MIN_VALUES',
      'min_values is larger than max_values.',
    );
  }
  if (component.type !== COMPONENT.stringSelect) return;
  const options = objects(component.options);
  if (options.length === 0 || options.length > MAX_OPTIONS) {
    errors.add(
      [...path, 'options'],
      'BASE_TYPE_BAD_LENGTH',
      `Must be between 1 and ${MAX_OPTIONS} in length.`,
    );
  }
  checkOptionValues(options, path, errors);
}

export function checkOptionValues(options: readonly Json[], path: Placed['path'], errors: FormErrors): void {
  const values = options.filter(isObject).map(({ value }) => value);
  if (new Set(values).size < values.length) {
    errors.add(
      [...path, 'options'],
      'SELECT_COMPONENT_OPTION_VALUE_DUPLICATED',
      'Two options have the same value.',
    );
  }
}
