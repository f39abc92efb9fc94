/** Walks message and modal components: who contains whom, what text, which media, which custom ids. */
import type { Path } from './errors.ts';
import { asText, isObject, type Json, objects } from './json.ts';

/** https://discord.com/developers/docs/components/reference#component-object-component-types */
export const COMPONENT = {
  actionRow: 1,
  button: 2,
  stringSelect: 3,
  textInput: 4,
  userSelect: 5,
  roleSelect: 6,
  mentionableSelect: 7,
  channelSelect: 8,
  section: 9,
  textDisplay: 10,
  thumbnail: 11,
  mediaGallery: 12,
  file: 13,
  separator: 14,
  container: 17,
  label: 18,
  fileUpload: 19,
  radioGroup: 21,
  checkboxGroup: 22,
  checkbox: 23,
} as const;

export interface Placed {
  readonly component: Json;
  readonly path: Path;
}

export interface MediaReference {
  readonly media: Json;
  readonly path: Path;
}

/** Every component with its path, parents before children. */
export function* walk(components: unknown, path: Path = ['components']): Generator<Placed> {
  for (const [index, component] of objects(components).entries()) {
    yield* walkOne(component, [...path, index]);
  }
}

function* walkOne(component: Json, path: Path): Generator<Placed> {
  yield { component, path };
  yield* walk(component.components, [...path, 'components']);
  for (const key of ['accessory', 'component']) {
    const inner = component[key];
    if (isObject(inner)) yield* walkOne(inner, [...path, key]);
  }
}

/** Every `{url}` object that shows a file: of thumbnails, gallery items and file components. */
export function* mediaOf(components: unknown): Generator<MediaReference> {
  for (const { component, path } of walk(components)) {
    if (component.type === COMPONENT.file && isObject(component.file)) {
      yield { media: component.file, path: [...path, 'file', 'url'] };
    } else if (component.type === COMPONENT.thumbnail && isObject(component.media)) {
      yield { media: component.media, path: [...path, 'media', 'url'] };
    } else if (component.type === COMPONENT.mediaGallery) {
      for (const [index, item] of objects(component.items).entries()) {
        if (isObject(item.media))
          yield { media: item.media, path: [...path, 'items', index, 'media', 'url'] };
      }
    }
  }
}

/** @returns the text of every text display, in reading order */
export function textsOf(components: unknown): string[] {
  return [...walk(components)].flatMap(({ component }) =>
    component.type === COMPONENT.textDisplay ? (asText(component.content) ?? []) : [],
  );
}

/** Gives every component without an `id` the next free number, as Discord does. */
export function numberComponents(components: readonly Json[]): Json[] {
  const copy = structuredClone(components) as Json[];
  const all = [...walk(copy)].map(({ component }) => component);
  const taken = new Set(all.map(({ id }) => id).filter(Boolean));
  let next = 1;
  for (const component of all) {
    if (component.id) continue;
    while (taken.has(next)) next += 1;
    component.id = next;
    next += 1;
  }
  return copy;
}
