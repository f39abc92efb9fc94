/** What to answer within three seconds: a message, a modal, or "thinking…" while the worker takes over. */
import type { APIInteractionResponse } from 'discord-api-types/v10';
import { INTERACTION, type Interaction } from '../shared/interaction.ts';
import type { Limits } from '../shared/limits.ts';
import { MODAL } from '../shared/modal-ids.ts';
import { runModal, uploadModal } from './modals.ts';

export type FirstAnswer =
  /** Complete: nothing further happens. */
  | { readonly kind: 'reply'; readonly response: APIInteractionResponse }
  /** Deferred: the worker carries the interaction out and edits this answer. */
  | { readonly kind: 'run'; readonly response: APIInteractionResponse };

const MESSAGE = 4;
const DEFERRED = 5;
const EPHEMERAL = 64;

/** Whether the result is private is decided here: Discord does not let an edit change it. */
export function firstAnswer(interaction: Interaction, limits: Limits): FirstAnswer {
  switch (interaction.type) {
    case INTERACTION.command:
      return command(interaction, limits);
    case INTERACTION.modal:
      return modal(interaction);
    case INTERACTION.autocomplete:
      return { kind: 'reply', response: { type: 8, data: { choices: [] } } };
    default:
      return unknown(
        'This button or menu does not belong to this version of Slashbox. Run the command again.',
      );
  }
}

function command(interaction: Interaction, limits: Limits): FirstAnswer {
  switch (interaction.name) {
    case 'run': {
      const nothingGiven =
        !interaction.text('code')?.trim() && interaction.attachments('attach').length === 0;
      return nothingGiven ? { kind: 'reply', response: runModal() } : defer(interaction.flag('private'));
    }
    case 'upload':
      return interaction.attachments('file').length === 0
        ? { kind: 'reply', response: uploadModal(limits) }
        : defer(true);
    case 'files':
      return defer(true);
    default:
      return unknown(
        `Slashbox does not know the command \`/${printable(interaction.name)}\`. It may be from an older version: the operator can register the commands again with \`npm run register\`.`,
      );
  }
}

function modal(interaction: Interaction): FirstAnswer {
  switch (interaction.name) {
    case MODAL.run:
      return defer(interaction.flag('private'));
    case MODAL.upload:
      return defer(true);
    default:
      return unknown('This form does not belong to this version of Slashbox. Run the command again.');
  }
}

function defer(isPrivate: boolean): FirstAnswer {
  const response: APIInteractionResponse = isPrivate
    ? { type: DEFERRED, data: { flags: EPHEMERAL } }
    : { type: DEFERRED };
  return { kind: 'run', response };
}

const unknown = (content: string): FirstAnswer => ({ kind: 'reply', response: privateMessage(content) });

/** A message that only the user sees, in place of any other answer. */
export function privateMessage(content: string): APIInteractionResponse {
  return { type: MESSAGE, data: { content, flags: EPHEMERAL, allowed_mentions: { parse: [] } } };
}

/** A name goes into a message as inline code: no back-ticks, nothing invisible, Discord's 32 characters. */
const printable = (name: string): string => name.replace(/[^\p{L}\p{N}_-]/gu, '').slice(0, 32) || '?';
