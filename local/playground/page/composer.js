/**
 * The command box: plain messages, and `/` commands with their options.
 * @import { PageAnswer, PageModal } from '../page-protocol.ts'
 * @import { TypedCommand } from './command-text.d.ts'
 */
import { act } from './api.js';
import { createCommandLine } from './command-line.js';
import { matchCommands, readCommand } from './command-text.js';
import { byId, h } from './dom.js';
import { createFileField } from './file-field.js';
import { createPicker } from './picker.js';

const MAX_ATTACHMENTS = 10;

/**
 * @typedef {{
 *   user: () => string, commands: () => readonly TypedCommand[], maxBytes: () => number,
 *   onModal: (modal: PageModal) => void, onSent: () => void, onFailure: (shown: string, reason?: string) => void,
 * }} ComposerContext
 */

/** @param {ComposerContext} context */
export function createComposer(context) {
  const form = /** @type {HTMLFormElement} */ (byId('composer'));
  const text = /** @type {HTMLTextAreaElement} */ (byId('text'));
  const tray = byId('tray');
  const problem = byId('problem');
  const picker = createPicker(byId('picker'), byId('picker-status'));
  const line = createCommandLine({
    place: byId('command-line'),
    sendButton: byId('send'),
    picker,
    context,
    onSend: () => void send(),
    onLeave: leave,
  });
  let attachments = newTray();

  function newTray() {
    const field = createFileField({
      label: 'Attach files',
      max: MAX_ATTACHMENTS,
      maxBytes: context.maxBytes(),
      onChange: () => {
        tray.hidden = attachments?.isEmpty ?? true;
      },
    });
    tray.replaceChildren(field.element);
    tray.hidden = true;
    return field;
  }

  /** @param {TypedCommand} command @param {string} [rest] */
  function enter(command, rest = '') {
    say('');
    text.value = '';
    form.classList.add('in-command');
    line.open(command, rest);
  }

  /** @param {string} [typed] what stands in the box afterwards */
  function leave(typed = '') {
    form.classList.remove('in-command');
    line.close();
    picker.hide();
    say('');
    text.value = typed;
    grow();
    text.focus();
    suggest();
  }

  /** @param {string} words */
  function say(words) {
    problem.textContent = words;
    problem.hidden = words === '';
  }

  function suggest() {
    if (!text.value.startsWith('/') || text.value.includes('\n')) {
      picker.hide();
      announce();
      return;
    }
    const matches = matchCommands(context.commands(), text.value.slice(1));
    picker.show(
      'Commands',
      matches.map((command) => ({
        label: `/${command.title}`,
        detail: command.description,
        choose: () => enter(command),
      })),
    );
    announce();
  }

  function announce() {
    text.setAttribute('aria-expanded', String(picker.isOpen));
    text.setAttribute('aria-activedescendant', picker.activeId ?? '');
  }

  function grow() {
    text.style.setProperty('height', 'auto');
    text.style.setProperty('height', `${Math.min(text.scrollHeight, 200)}px`);
  }

  async function send() {
    if (form.getAttribute('aria-busy') === 'true') return;
    form.setAttribute('aria-busy', 'true');
    try {
      const answer = line.isOpen ? await line.send() : await sendText();
      if (!answer) return;
      say('');
      if (!answer.ok && answer.reason === undefined) {
        say(answer.shown);
        return;
      }
      if (line.isOpen) leave();
      context.onSent();
      if (!answer.ok) context.onFailure(answer.shown, answer.reason);
      else if (answer.modal) context.onModal(answer.modal);
    } finally {
      form.removeAttribute('aria-busy');
    }
  }

  /** @returns {Promise<PageAnswer | undefined>} */
  async function sendText() {
    const content = text.value.trim();
    const typed = content.startsWith('/') ? readCommand(context.commands(), content) : undefined;
    if (typed) {
      enter(typed.command, typed.rest);
      return line.send();
    }
    if (content === '' && attachments.isEmpty) return undefined;
    const files = await attachments.finish();
    if (typeof files === 'string') return { ok: false, shown: files };
    const answer = await act({ kind: 'post', user: context.user(), content, attachments: files });
    if (answer.ok) {
      text.value = '';
      grow();
      attachments = newTray();
    }
    return answer;
  }

  /** @param {Iterable<File>} files */
  function takeFiles(files) {
    if (line.isOpen && line.addFiles(files)) return;
    if (line.isOpen) say('This command has no place for another file.');
    else void attachments.add(files);
  }

  text.addEventListener('input', () => {
    say('');
    grow();
    const typed = /^\/\S+\s/.test(text.value) ? readCommand(context.commands(), text.value) : undefined;
    const isWhole =
      typed && !context.commands().some(({ title }) => title.startsWith(`${typed.command.title} `));
    if (typed && isWhole) enter(typed.command, typed.rest);
    else suggest();
  });
  text.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    const isStep = event.key === 'ArrowDown' || event.key === 'ArrowUp';
    if (picker.isOpen && isStep) {
      picker.move(event.key === 'ArrowDown' ? 1 : -1);
      announce();
    } else if (picker.isOpen && event.key === 'Escape') picker.hide();
    else if (picker.isOpen && (event.key === 'Tab' || event.key === 'Enter') && !event.shiftKey)
      picker.choose();
    else if (event.key === 'Enter' && !event.shiftKey) void send();
    else return;
    event.preventDefault();
  });
  text.addEventListener('blur', () => picker.hide());
  text.addEventListener('focus', suggest);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void send();
  });
  form.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    takeFiles(files);
  });
  byId('attach').addEventListener('click', () => {
    const input = h('input', { type: 'file', multiple: true });
    input.addEventListener('change', () => takeFiles(input.files ?? []));
    input.click();
  });
  document.addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    if (!document.querySelector('dialog[open]')) document.body.classList.add('dropping');
  });
  document.addEventListener('drop', (event) => {
    document.body.classList.remove('dropping');
    const isTakenByAField = event.defaultPrevented;
    if (!event.dataTransfer?.types.includes('Files')) return;
    // Wherever a file falls, the browser must not leave the page for it.
    event.preventDefault();
    if (!isTakenByAField && !document.querySelector('dialog[open]')) takeFiles(event.dataTransfer.files);
  });
  document.addEventListener('dragleave', ({ relatedTarget }) => {
    if (!relatedTarget) document.body.classList.remove('dropping');
  });

  return {
    /** Fills in a command for the person to look at and send. @param {string} typed @param {File[]} [files] */
    fill(typed, files = []) {
      const found = readCommand(context.commands(), typed);
      if (!found) return;
      enter(found.command, found.rest);
      if (files.length > 0) line.addFiles(files);
    },
    /** @param {string | null} reason why nothing can be sent */
    disable(reason) {
      form.classList.toggle('off', reason !== null);
      text.disabled = reason !== null;
      /** @type {HTMLButtonElement} */ (byId('attach')).disabled = reason !== null;
      text.placeholder = reason ?? 'Message, or / for commands';
    },
    focus: () => text.focus(),
    /** When the person changes: files and half-typed commands stay with whoever typed them. */
    reset() {
      attachments = newTray();
      leave();
    },
  };
}
