/**
 * Shows one message.
 * @import { APIMessage } from 'discord-api-types/v10'
 * @import { PageCommand } from '../page-protocol.ts'
 */
import { componentsView } from './components-view.js';
import { h } from './dom.js';
import { embedsView } from './embeds-view.js';
import { markdown } from './markdown-view.js';
import { attachmentView } from './media-view.js';
import { avatar, nameOf } from './people.js';
import { clockText } from './time.js';

const EPHEMERAL = 64;
const LOADING = 128;
const COMPONENTS_V2 = 32_768;

/**
 * @typedef {{
 *   names: ReadonlyMap<string, string>,
 *   messageCommands: readonly PageCommand[],
 *   use: (messageId: string, customId: string, values?: string[]) => Promise<void>,
 *   dismiss: (messageId: string) => void,
 *   runOn: (command: PageCommand, messageId: string) => void,
 * }} MessageContext
 */

/** @param {APIMessage} message @param {MessageContext} context */
export function messageView(message, context) {
  const { id, author, flags = 0, timestamp, edited_timestamp: edited } = message;
  const isPrivate = (flags & EPHEMERAL) !== 0;
  const isThinking = (flags & LOADING) !== 0;
  return h(
    'article',
    {
      class: `message ${isPrivate ? 'private' : ''}`,
      data: { id },
      'aria-label': `Message of ${nameOf(author)}`,
    },
    usedView(message),
    avatar(author),
    h(
      'div',
      { class: 'message-body' },
      h(
        'header',
        {},
        h('span', { class: 'author' }, nameOf(author)),
        author.bot ? h('span', { class: 'app-tag' }, 'APP') : null,
        h('time', { class: 'muted', datetime: timestamp }, clockText(timestamp)),
      ),
      isThinking ? thinkingView(nameOf(author)) : contentView(message, context),
      edited && !isThinking && !author.bot ? h('span', { class: 'muted edited' }, '(edited)') : null,
      isPrivate ? privateNote(id, context) : null,
    ),
    isThinking || context.messageCommands.length === 0 ? null : appsMenu(id, context),
  );
}

/** @param {APIMessage} message */
function usedView({ interaction }) {
  if (!interaction?.name) return null;
  const isContextMenu =
    /[A-Z ]/.test(interaction.name) && !/^[a-z0-9_-]+( [a-z0-9_-]+)*$/.test(interaction.name);
  return h(
    'p',
    { class: 'used' },
    avatar(interaction.user, 'tiny'),
    h(
      'span',
      {},
      h('b', {}, nameOf(interaction.user)),
      ' used ',
      h('span', { class: 'mention' }, `${isContextMenu ? '' : '/'}${interaction.name}`),
    ),
  );
}

/** @param {string} name */
function thinkingView(name) {
  const dots = h('span', { class: 'dots', 'aria-hidden': 'true' }, h('i'), h('i'), h('i'));
  return h('p', { class: 'thinking' }, dots, `${name} is thinking…`);
}

/** @param {APIMessage} message @param {MessageContext} context */
function contentView({ id, content, embeds, components = [], attachments, flags }, { names, use }) {
  const inComponents = {
    names,
    use: (/** @type {string} */ customId, /** @type {string[] | undefined} */ values) =>
      use(id, customId, values),
  };
  if (((flags ?? 0) & COMPONENTS_V2) !== 0) return componentsView(components, inComponents);
  return [
    content ? markdown(content, names) : null,
    embedsView(embeds, names),
    attachments.map((attachment) => attachmentView(attachment)),
    componentsView(components, inComponents),
  ];
}

/** @param {string} id @param {MessageContext} context */
function privateNote(id, { dismiss }) {
  const button = h(
    'button',
    { class: 'text-button', type: 'button', on: { click: () => dismiss(id) } },
    'Dismiss message',
  );
  return h('p', { class: 'private-note' }, 'Only you can see this · ', button);
}

/** Message commands, which Discord shows under "Apps". @param {string} id @param {MessageContext} context */
function appsMenu(id, { messageCommands, runOn }) {
  const menu = h(
    'details',
    { class: 'apps-menu' },
    h('summary', { 'aria-label': 'Apps for this message' }, '⋯'),
  );
  menu.append(
    h(
      'div',
      { class: 'apps-list' },
      messageCommands.map((command) =>
        h(
          'button',
          {
            type: 'button',
            on: {
              click: () => {
                menu.open = false;
                runOn(command, id);
              },
            },
          },
          command.name,
        ),
      ),
    ),
  );
  menu.addEventListener('focusout', ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Node && menu.contains(relatedTarget))) menu.open = false;
  });
  return menu;
}
