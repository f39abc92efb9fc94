/**
 * A command that is being filled in: `/run`, its options as chips, and a box to add further ones.
 * @import { ActionValue, PageAnswer, PageCommandOption } from '../page-protocol.ts'
 * @import { TypedCommand } from './command-text.d.ts'
 * @import { ComposerContext } from './composer.js'
 * @import { Chip } from './option-chip.js'
 * @import { Picker } from './picker.js'
 */
import { act } from './api.js';
import { readOptions } from './command-text.js';
import { h } from './dom.js';
import { createChip } from './option-chip.js';

const ATTACHMENT = 11;
const TYPING_PAUSE_MS = 150;

/**
 * @param {{ place: HTMLElement, sendButton: HTMLElement, picker: Picker, context: ComposerContext, onSend: () => void, onLeave: (typed?: string) => void }} options
 */
export function createCommandLine({ place, sendButton, picker, context, onSend, onLeave }) {
  /** @type {TypedCommand | undefined} */
  let command;
  /** @type {Chip[]} */
  let chips = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let pause;
  let asked = 0;

  const more = h('input', {
    class: 'more',
    type: 'text',
    'aria-label': 'Add an option',
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    role: 'combobox',
    'aria-expanded': 'true',
    'aria-controls': 'picker',
  });
  const title = h('span', { class: 'command-title' });
  const chipPlace = h('span', { class: 'chips' });
  const cancel = h(
    'button',
    {
      class: 'text-button',
      type: 'button',
      'aria-label': 'Leave this command',
      on: { click: () => onLeave() },
    },
    'Cancel',
  );
  place.replaceChildren(title, chipPlace, more, cancel);

  const missing = () =>
    (command?.options ?? []).filter((option) => !chips.some((chip) => chip.option === option));

  /** @param {PageCommandOption} option @param {boolean} [focus] */
  function add(option, focus = true) {
    const chip = createChip(option, {
      maxBytes: context.maxBytes(),
      onSend,
      onRemove: () => {
        chips = chips.filter((each) => each !== chip);
        draw();
        more.focus();
      },
      onInput: () => suggestChoices(chip),
      onKey: (event) => steer(event),
      onBlur: () => picker.hide(),
    });
    chips = [...chips, chip];
    draw();
    if (focus) chip.focus();
    return chip;
  }

  function draw() {
    title.textContent = `/${command?.title ?? ''}`;
    for (const chip of chips) if (!chipPlace.contains(chip.element)) chipPlace.append(chip.element);
    for (const element of [...chipPlace.children])
      if (!chips.some((chip) => chip.element === element)) element.remove();
    const left = missing().length;
    more.hidden = left === 0;
    more.placeholder = left === 0 ? '' : `+ ${left} option${left === 1 ? '' : 's'}`;
    more.value = '';
    picker.hide();
  }

  function suggestOptions() {
    const wanted = more.value.trim().toLowerCase();
    const named = missing().find(({ name }) => more.value.toLowerCase() === `${name}:`);
    if (named) {
      add(named);
      return;
    }
    const entries = missing().filter(({ name }) => name.startsWith(wanted));
    picker.show(
      `Options of /${command?.title}, or Enter to send`,
      entries.map((option) => ({
        label: option.name,
        detail: option.description,
        choose: () => add(option),
      })),
    );
  }

  /** @param {Chip} chip */
  function suggestChoices(chip) {
    picker.hide();
    if (!chip.option.autocomplete) return;
    clearTimeout(pause);
    pause = setTimeout(async () => {
      asked += 1;
      const question = asked;
      const { values } = await readAll();
      if (!command) return;
      const options = { ...values, [chip.option.name]: chip.text() };
      const answer = await act({
        kind: 'autocomplete',
        user: context.user(),
        name: command.title,
        options,
        focused: chip.option.name,
      });
      if (question !== asked || !chip.element.contains(document.activeElement)) return;
      const choices = answer.ok ? (answer.choices ?? []) : [];
      picker.show(
        chip.option.name,
        choices.map(({ name, value }) => ({
          label: name,
          choose: () => {
            chip.setChoice(name, value);
            picker.hide();
          },
        })),
      );
    }, TYPING_PAUSE_MS);
  }

  /** @param {KeyboardEvent} event @returns whether the key was for the list */
  function steer(event) {
    if (!picker.isOpen || event.isComposing) return false;
    if (event.key === 'ArrowDown') picker.move(1);
    else if (event.key === 'ArrowUp') picker.move(-1);
    else if (event.key === 'Tab' && !event.shiftKey) picker.choose();
    else if (event.key === 'Escape') picker.hide();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  /** Values of all chips, and the first problem. */
  async function readAll() {
    /** @type {Record<string, ActionValue>} */
    const values = {};
    /** @type {string | undefined} */
    let problem;
    for (const chip of chips) {
      const read = await chip.read();
      const { name, required } = chip.option;
      const isMissing = read.ok && read.value === undefined;
      if (read.ok && read.value !== undefined) values[name] = read.value;
      else if (!read.ok) problem ??= read.problem;
      else if (required) problem ??= `"${name}": This option is required. Specify a value.`;
      chip.showProblem(!read.ok || (isMissing && required === true));
    }
    return { values, problem };
  }

  more.addEventListener('focus', suggestOptions);
  more.addEventListener('input', suggestOptions);
  more.addEventListener('blur', () => picker.hide());
  more.addEventListener('keydown', (event) => {
    const isChoice = event.key === 'Enter' && more.value !== '' && picker.isOpen;
    if (isChoice) picker.choose();
    else if (event.key === 'Enter') onSend();
    else if (event.key === 'Escape' && !picker.isOpen) onLeave();
    else if (event.key === 'Backspace' && more.value === '') {
      const last = chips.at(-1);
      if (!last) onLeave(`/${command?.title}`);
      else if (last.option.required) last.focus();
      else {
        chips = chips.slice(0, -1);
        draw();
        suggestOptions();
      }
    } else {
      // An empty box sends on Tab's way out: only a typed beginning is completed by it.
      if (event.key === 'Tab' && more.value === '') return;
      steer(event);
      return;
    }
    event.preventDefault();
  });

  return {
    get isOpen() {
      return command !== undefined;
    },
    /** @param {TypedCommand} next @param {string} rest options as text */
    open(next, rest) {
      command = next;
      chips = [];
      place.hidden = false;
      const { values, before } = readOptions(next.options, rest);
      for (const option of next.options) {
        if (option.required || values.has(option.name))
          add(option, false).setText(values.get(option.name) ?? '');
      }
      draw();
      const empty = chips.find((chip) => chip.isEmpty());
      more.value = before;
      if (empty) empty.focus();
      else if (chips.length > 0) chips.at(-1)?.focus();
      else if (missing().length > 0) more.focus();
      else sendButton.focus();
    },
    close() {
      command = undefined;
      chips = [];
      place.hidden = true;
      draw();
    },
    /** @param {Iterable<File>} files @returns whether there was a place for them */
    addFiles(files) {
      const empty = chips.find((chip) => chip.addFiles && chip.isEmpty());
      const option = missing().find(({ type }) => type === ATTACHMENT);
      const chip = empty ?? (option ? add(option, false) : undefined);
      void chip?.addFiles?.([...files].slice(0, 1));
      return chip !== undefined;
    },
    /** @returns {Promise<PageAnswer | undefined>} */
    async send() {
      if (!command) return undefined;
      const { values, problem } = await readAll();
      if (problem) return { ok: false, shown: problem };
      return act({ kind: 'command', user: context.user(), name: command.title, options: values });
    },
  };
}
