/**
 * Starts the page: loads the channel, listens to it, and wires its parts together.
 * @import { PageCommand, PageEvent, PageState } from '../page-protocol.ts'
 */
import { act, fetchState, listen } from './api.js';
import { typedCommands } from './command-text.js';
import { createComposer } from './composer.js';
import { byId, h } from './dom.js';
import { createLog } from './log.js';
import { openModal } from './modal.js';
import { keepTimesCurrent } from './time.js';
import { welcomeView } from './welcome.js';

const MESSAGE_COMMAND = 3;
const RETRY_MS = 1_000;
const USER = 'slashbox.user';

/** @type {PageState | undefined} */
let state;
let stopListening = () => {};
/** @type {Map<string, string>} */
const names = new Map();
/** @type {PageCommand[]} */
const messageCommands = [];
const chooser = /** @type {HTMLSelectElement} */ (byId('user'));
const user = () => chooser.value;
const commands = () => typedCommands(state?.commands ?? []);

const log = createLog({
  names,
  messageCommands,
  use: async (messageId, customId, values) =>
    take(await act({ kind: 'component', user: user(), messageId, customId, ...(values && { values }) })),
  dismiss: async (messageId) => take(await act({ kind: 'dismiss', user: user(), messageId })),
  runOn: async ({ name }, messageId) =>
    take(await act({ kind: 'message-command', user: user(), name, messageId })),
});
const composer = createComposer({
  user,
  commands,
  maxBytes: () => state?.maxUploadBytes ?? Number.POSITIVE_INFINITY,
  onModal: showModal,
  onSent: log.toEnd,
  onFailure: log.putFailure,
});

/** @param {import('../page-protocol.ts').PageAnswer} answer */
function take(answer) {
  if (!answer.ok) log.putFailure(answer.shown, answer.reason);
  else if (answer.modal) showModal(answer.modal);
}

/** @param {import('../page-protocol.ts').PageModal} modal */
function showModal(modal) {
  openModal(modal, { user: user(), maxBytes: state?.maxUploadBytes ?? 0, names, onFailure: log.putFailure });
}

/** @param {PageEvent} event */
function onEvent(event) {
  if (event.kind === 'channel') {
    log.replace(event.messages);
    showActivity(event.activity);
  } else if (event.kind === 'delete') log.remove(event.id);
  else if (event.kind === 'activity') showActivity(event.text);
  else log.put(event.message);
}

/** All but the messages, which the stream of events brings: at the start and after a lost connection. */
async function load() {
  try {
    state = await fetchState();
  } catch (error) {
    showStatus(error instanceof Error ? error.message : String(error));
    setTimeout(() => void load(), RETRY_MS);
    return;
  }
  const { users, health, notices, sendingDisabled, commands: all } = state;
  if (chooser.options.length === 0)
    chooser.append(...users.map(({ id, name }) => h('option', { value: id }, name)));
  for (const { id, name } of users) names.set(id, name);
  messageCommands.splice(0, messageCommands.length, ...all.filter(({ type }) => type === MESSAGE_COMMAND));
  byId('notices').replaceChildren(...notices.map((notice) => h('p', {}, notice)));
  composer.disable(sendingDisabled);
  showStatus(health.ready ? '' : health.detail);
  if (!health.ready) setTimeout(() => void refreshHealth(), RETRY_MS);
}

async function refreshHealth() {
  const next = await fetchState().catch(() => undefined);
  if (!next?.health.ready) {
    showStatus(next?.health.detail ?? 'The playground does not answer. Is it still running?');
    setTimeout(() => void refreshHealth(), RETRY_MS);
  } else await load();
}

/** @param {string} words */
function showStatus(words) {
  const place = byId('status');
  place.textContent = words;
  place.hidden = words === '';
}

/** @param {string | null} words */
function showActivity(words) {
  byId('activity-text').textContent = words ?? '';
  byId('activity').hidden = words === null;
}

function follow() {
  stopListening();
  let wasLost = false;
  stopListening = listen(user(), onEvent, (connected) => {
    if (!connected) {
      wasLost = true;
      showStatus('The connection to the playground was lost. Trying again…');
    } else if (wasLost) {
      wasLost = false;
      void load();
    }
  });
}

function remembered() {
  try {
    return sessionStorage.getItem(USER);
  } catch {
    return null;
  }
}

chooser.addEventListener('change', () => {
  try {
    sessionStorage.setItem(USER, user());
  } catch {
    // Without storage the choice lasts until the page is loaded again.
  }
  composer.reset();
  follow();
});

await load();
const before = remembered();
if (before && [...chooser.options].some(({ value }) => value === before)) chooser.value = before;
follow();
keepTimesCurrent();
const introduction = welcomeView({
  has: (name) => commands().some(({ title }) => title === name),
  fill: composer.fill,
});
if (introduction) log.introduce(introduction);
composer.focus();
