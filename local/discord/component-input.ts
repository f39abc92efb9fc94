/** What Discord's client does when a person uses a message's button or menu. */
import { COMPONENT, walk } from './components.ts';
import { ClientRefusal } from './errors.ts';
import { type Json, objects } from './json.ts';

export interface ComponentUse {
  readonly customId: string | undefined;
  readonly label: string | undefined;
  readonly values: readonly string[] | undefined;
}

const LINK = 5;

/**
 * @returns the interaction's `data`
 * @throws ClientRefusal where there is no such component, or it cannot be used
 */
export function findUsable(components: readonly Json[], { customId, label, values }: ComponentUse): Json {
  const all = [...walk(components)].map(({ component }) => component);
  const found = all.find((component) =>
    customId === undefined ? component.label === label : component.custom_id === customId,
  );
  if (!found) {
    const names = all.flatMap((component) => component.label ?? component.custom_id ?? []);
    throw new ClientRefusal(
      `The message has no button "${customId ?? label}"; it has: ${names.join(', ') || 'none'}.`,
    );
  }
  if (found.disabled) throw new ClientRefusal('This button is switched off.');
  if (found.style === LINK) throw new ClientRefusal('This button opens a link; it sends nothing.');
  const data = { custom_id: found.custom_id, component_type: found.type };
  return found.type === COMPONENT.button ? data : { ...data, values: chosen(found, values ?? []) };
}

function chosen(menu: Json, values: readonly string[]): readonly string[] {
  const { min_values: min = 1, max_values: max = 1 } = menu as { min_values?: number; max_values?: number };
  const options = objects(menu.options);
  const isKnown = (value: string): boolean => options.some((option) => option.value === value);
  if (menu.type === COMPONENT.stringSelect && !values.every(isKnown)) {
    throw new ClientRefusal('Choose from the list.');
  }
  if (values.length < min || values.length > max) {
    throw new ClientRefusal(`Choose between ${min} and ${max}.`);
  }
  return values;
}
