/**
 * What Discord's client does with a filled-in modal before it is sent: checks each field, resolves files.
 * Source: https://discord.com/developers/docs/components/reference
 */
import type { APIAttachment } from 'discord-api-types/v10';
import { COMPONENT, walk } from './components.ts';
import { ClientRefusal } from './errors.ts';
import { asText, isObject, type Json, objects } from './json.ts';
import type { AttachmentInput, Uploads } from './uploads.ts';

export interface ModalInput {
  /** By custom id. A field that is not named keeps what the modal put into it. */
  readonly values?: Readonly<Record<string, string | boolean | readonly string[] | null>>;
  readonly files?: Readonly<Record<string, readonly AttachmentInput[]>>;
}

type Field = { readonly value: unknown } | { readonly values: readonly string[] };

/** @throws ClientRefusal with the words that the person would read */
export async function prepareModal(modal: Json, input: ModalInput, uploads: Uploads): Promise<Json> {
  const known = new Set([...walk(modal.components)].map(({ component }) => component.custom_id));
  for (const name of [...Object.keys(input.values ?? {}), ...Object.keys(input.files ?? {})]) {
    if (!known.has(name)) {
      throw new ClientRefusal(
        `The form has no field "${name}"; it has ${[...known].filter(Boolean).join(', ')}.`,
      );
    }
  }
  const attachments: Record<string, APIAttachment> = {};
  let id = 0;
  const fill = async (component: Json, label: string): Promise<Json> => {
    id += 1;
    const frame = { type: component.type, id: component.id ?? id };
    if (component.type === COMPONENT.textDisplay) return frame;
    if (isObject(component.component)) {
      return { ...frame, component: await fill(component.component, asText(component.label) ?? '') };
    }
    if (component.type === COMPONENT.actionRow) {
      const row: Json[] = [];
      for (const inner of objects(component.components))
        row.push(await fill(inner, asText(inner.label) ?? ''));
      return { ...frame, components: row };
    }
    const field = await fillField(component, label, input, uploads, attachments);
    return { ...frame, custom_id: component.custom_id, ...field };
  };
  const components: Json[] = [];
  for (const component of objects(modal.components)) components.push(await fill(component, ''));
  const isResolved = Object.keys(attachments).length > 0;
  return { custom_id: modal.custom_id, components, ...(isResolved && { resolved: { attachments } }) };
}

async function fillField(
  component: Json,
  label: string,
  { values = {}, files = {} }: ModalInput,
  uploads: Uploads,
  attachments: Record<string, APIAttachment>,
): Promise<Field> {
  const name = asText(component.custom_id) ?? '';
  const given = values[name];
  switch (component.type) {
    case COMPONENT.textInput:
      return { value: checkText(component, label, asText(given) ?? asText(component.value) ?? '') };
    case COMPONENT.checkbox:
      return { value: typeof given === 'boolean' ? given : component.default === true };
    case COMPONENT.radioGroup: {
      const chosen = given === undefined ? defaults(component)[0] : asText(given);
      checkChosen(component, label, chosen === undefined ? [] : [chosen]);
      return { value: chosen ?? null };
    }
    case COMPONENT.fileUpload: {
      const list = files[name] ?? [];
      checkCount(component, label, list.length, 'file');
      const ids: string[] = [];
      for (const file of list) {
        const attachment = await uploads.take(file);
        attachments[attachment.id] = attachment;
        ids.push(attachment.id);
      }
      return { values: ids };
    }
    default: {
      const chosen = Array.isArray(given) ? (given as string[]) : defaults(component);
      checkChosen(component, label, chosen);
      return { values: chosen };
    }
  }
}

/** Blank text passes `required`, as with Discord: only an empty field does not. */
function checkText(component: Json, label: string, text: string): string {
  const {
    min_length: min = 0,
    max_length: max = 4_000,
    required = true,
  } = component as {
    min_length?: number;
    max_length?: number;
    required?: boolean;
  };
  if (text === '') {
    if (required) throw new ClientRefusal(`"${label}": This field is required.`);
    return text;
  }
  if (text.length < min || text.length > max) {
    throw new ClientRefusal(
      `"${label}": Must be between ${min} and ${max} characters long; this has ${text.length}.`,
    );
  }
  return text;
}

const defaults = ({ options }: Json): string[] =>
  objects(options).flatMap((option) => (option.default === true ? [String(option.value)] : []));

function checkChosen(component: Json, label: string, chosen: readonly string[]): void {
  const options = objects(component.options);
  if (options.length > 0 && chosen.some((value) => !options.some((option) => option.value === value))) {
    throw new ClientRefusal(`"${label}": Choose from the list.`);
  }
  checkCount(component, label, chosen.length, 'choice');
}

function checkCount(component: Json, label: string, count: number, what: string): void {
  const {
    required = true,
    min_values: min = 1,
    max_values,
  } = component as {
    required?: boolean;
    min_values?: number;
    max_values?: number;
  };
  const max =
    max_values ?? (component.type === COMPONENT.checkboxGroup ? objects(component.options).length : 1);
  if (count === 0 && !required) return;
  if (count === 0 && min > 0) throw new ClientRefusal(`"${label}": This field is required.`);
  if (count < min || count > max) {
    throw new ClientRefusal(`"${label}": Between ${min} and ${max} ${what}s, not ${count}.`);
  }
}
