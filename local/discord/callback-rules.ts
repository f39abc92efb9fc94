/**
 * What may answer which interaction.
 * Source: https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-interaction-callback-type
 */
import { FormErrors } from './errors.ts';
import { isObject, type Json } from './json.ts';
import { FLAG } from './message-draft.ts';
import { checkModal } from './modal-rules.ts';
import { validate } from './spec.ts';

export const INTERACTION = { ping: 1, command: 2, component: 3, autocomplete: 4, modal: 5 } as const;
export const CALLBACK = {
  pong: 1,
  message: 4,
  deferredMessage: 5,
  deferredUpdate: 6,
  update: 7,
  autocomplete: 8,
  modal: 9,
} as const;

const { pong, message, deferredMessage, deferredUpdate, update, autocomplete, modal } = CALLBACK;

const ALLOWED: Readonly<Record<number, readonly number[]>> = {
  [INTERACTION.ping]: [pong],
  [INTERACTION.command]: [message, deferredMessage, modal],
  [INTERACTION.component]: [message, deferredMessage, deferredUpdate, update, modal],
  [INTERACTION.autocomplete]: [autocomplete],
  [INTERACTION.modal]: [message, deferredMessage],
};

const SCHEMA = {
  [pong]: 'pongCallback',
  [message]: 'messageCallback',
  [deferredMessage]: 'messageCallback',
  [deferredUpdate]: 'updateCallback',
  [update]: 'updateCallback',
  [autocomplete]: 'autocompleteCallback',
  [modal]: 'modalCallback',
} as const;

const MAX_CHOICES = 25;
const MAX_CHOICE_TEXT = 100;

export interface Callback {
  readonly type: number;
  readonly data: Json;
}

/**
 * @param fromMessage for a modal's submission: whether a message's component opened the modal, so that
 *   the submission may update that message
 * @throws DiscordError 50035 for an answer that Discord would not take; a message's own rules are
 *   checked where the message is made
 */
export function checkCallback(interactionType: number, body: Json, fromMessage = false): Callback {
  const errors = new FormErrors();
  const type = Number(body.type);
  const allowed = [
    ...(ALLOWED[interactionType] ?? []),
    ...(interactionType === INTERACTION.modal && fromMessage ? [deferredUpdate, update] : []),
  ];
  if (!allowed.includes(type)) {
    errors.add(
      ['type'],
      'INTERACTION_RESPONSE_TYPE_INVALID',
      `An interaction of type ${interactionType} takes an answer of type ${allowed.join(', ')}, not ${body.type}.`,
    );
    errors.throwIfAny();
  }
  validate(SCHEMA[type as keyof typeof SCHEMA], body);
  const data = isObject(body.data) ? body.data : {};
  if (type === deferredMessage) checkDeferred(data, errors);
  if (type === autocomplete) checkChoices(data, errors);
  errors.throwIfAny();
  if (type === modal) checkModal(data);
  return { type, data };
}

function checkDeferred(data: Json, errors: FormErrors): void {
  for (const key of Object.keys(data)) {
    if (key !== 'flags') errors.add(['data', key], 'DEFERRED_FIELD', 'A deferred answer carries flags only.');
  }
  if (data.flags && data.flags !== FLAG.ephemeral) {
    errors.add(
      ['data', 'flags'],
      'FLAGS_INVALID',
      'A deferred answer takes EPHEMERAL (64) and no other flag.',
    );
  }
}

function checkChoices({ choices }: Json, errors: FormErrors): void {
  const list = Array.isArray(choices) ? choices.filter(isObject) : [];
  if (list.length > MAX_CHOICES) {
    errors.add(['data', 'choices'], 'BASE_TYPE_MAX_LENGTH', `Must be ${MAX_CHOICES} or fewer in length.`);
  }
  for (const [index, { name, value }] of list.entries()) {
    for (const [key, text] of Object.entries({ name, value })) {
      const isBad = typeof text === 'string' && (text.length < 1 || text.length > MAX_CHOICE_TEXT);
      if (isBad) {
        errors.add(
          ['data', 'choices', index, key],
          'BASE_TYPE_BAD_LENGTH',
          `Must be between 1 and ${MAX_CHOICE_TEXT} in length.`,
        );
      }
    }
  }
}
