/**
 * Validates a body against Discord's published schema. Zod drops unknown keys in silence, so what comes
 * out is compared with what went in: a misspelt field is an error here, not a feature that never works.
 */
import * as spec from 'discord-api-spec/zod';
import { config } from 'zod/v4/core';
import en from 'zod/v4/locales/en.js';
import { FormErrors, type Path } from './errors.ts';
import { isObject } from './json.ts';

/** zod/mini comes without words. */
config(en());

export const SCHEMAS = {
  editMessage: spec.IncomingWebhookUpdateRequestPartialSchema,
  followUp: spec.IncomingWebhookRequestPartialSchema,
  messageCallback: spec.CreateMessageInteractionCallbackRequestSchema,
  updateCallback: spec.UpdateMessageInteractionCallbackRequestSchema,
  autocompleteCallback: spec.ApplicationCommandAutocompleteCallbackRequestSchema,
  modalCallback: spec.ModalInteractionCallbackRequestSchema,
  pongCallback: spec.PongInteractionCallbackRequestSchema,
  command: spec.ApplicationCommandUpdateRequestSchema,
} as const satisfies Record<string, spec.Schema>;

/** @throws DiscordError 50035 with one entry for each field that is wrong */
export function validate(schema: keyof typeof SCHEMAS, body: unknown, path: Path = []): void {
  const errors = new FormErrors();
  const result = SCHEMAS[schema].safeParse(body);
  if (result.success) addUnknownKeys(body, result.data, path, errors);
  else for (const issue of result.error.issues) addIssue(issue, path, errors);
  errors.throwIfAny();
}

function addIssue(issue: spec.Issue, parent: Path, errors: FormErrors): void {
  const path = [...parent, ...issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))];
  if (issue.code !== 'invalid_union' || !issue.errors) {
    errors.add(path, issue.code.toUpperCase(), issue.message);
    return;
  }
  // A union of components fails once for every kind; only the kind that was meant is worth reading.
  const meant = issue.errors.find((branch) => !branch.some(({ path: [first] }) => first === 'type'));
  if (meant) for (const inner of meant) addIssue(inner, path, errors);
  else errors.add([...path, 'type'], 'UNION_TYPE_CHOICES', 'This type of value is not allowed here.');
}

function addUnknownKeys(given: unknown, known: unknown, path: Path, errors: FormErrors): void {
  if (Array.isArray(given)) {
    given.forEach((item, index) => {
      addUnknownKeys(item, (known as unknown[])[index], [...path, index], errors);
    });
  } else if (isObject(given) && isObject(known)) {
    for (const [key, value] of Object.entries(given)) {
      if (value === undefined) continue;
      if (key in known) addUnknownKeys(value, known[key], [...path, key], errors);
      else
        errors.add(
          [...path, key],
          'UNKNOWN_FIELD',
          `Discord has no field "${key}" here and would ignore it.`,
        );
    }
  }
}
