/** Small readers for JSON whose shape is not yet known. */

export type Json = Record<string, unknown>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @returns the objects in a list; anything else is left out */
export const objects = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);

export const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
