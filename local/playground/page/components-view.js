/** Shows a message's components, in Discord's newer form and the older one. */
import { h } from './dom.js';
import { markdown } from './markdown-view.js';
import { fileCard, galleryView, picture } from './media-view.js';

/**
 * @typedef {{ type: number, [key: string]: any }} Component
 * @typedef {{ names: ReadonlyMap<string, string>, use: (customId: string, values?: string[]) => Promise<void> }} ComponentContext
 */

const BUTTON_STYLES = ['', 'primary', 'secondary', 'success', 'danger', 'link', 'premium'];

/** @param {readonly Component[]} components @param {ComponentContext} context */
export function componentsView(components, context) {
  return components.map((component) => componentView(component, context));
}

/** @param {Component} component @param {ComponentContext} context @returns {Node} */
function componentView(component, context) {
  switch (component.type) {
    case 1:
      return h('div', { class: 'action-row' }, componentsView(component.components ?? [], context));
    case 2:
      return buttonView(component, context);
    case 3:
    case 5:
    case 6:
    case 7:
    case 8:
      return selectView(component, context);
    case 9:
      return sectionView(component, context);
    case 10:
      return markdown(component.content ?? '', context.names);
    case 11:
      return picture(component.media ?? {}, component.description ?? '', component.spoiler);
    case 12:
      return galleryView(component.items ?? []);
    case 13:
      return fileCard({ name: component.name ?? 'file', size: component.size, url: component.file?.url });
    case 14:
      return h('hr', {
        class: `separator ${component.divider === false ? 'blank' : ''} spacing-${component.spacing ?? 1}`,
      });
    case 17:
      return containerView(component, context);
    default:
      return h('p', { class: 'gone' }, `This playground cannot show components of type ${component.type}.`);
  }
}

/** @param {Component} component @param {ComponentContext} context */
function buttonView({ style, label, emoji, custom_id: customId, url, disabled }, context) {
  const content = [emoji?.name ? `${emoji.name} ` : '', label ?? ''];
  if (style === 5) {
    const href = /^https?:\/\//i.test(url ?? '') ? url : undefined;
    return h(
      'a',
      { class: 'button link', href, target: '_blank', rel: 'noopener noreferrer' },
      content,
      ' ↗',
    );
  }
  const button = h(
    'button',
    { class: `button ${BUTTON_STYLES[style] ?? ''}`, type: 'button', disabled },
    content,
  );
  button.addEventListener('click', async () => {
    button.disabled = true;
    button.setAttribute('aria-busy', 'true');
    await context.use(customId);
    button.disabled = disabled === true;
    button.removeAttribute('aria-busy');
  });
  return button;
}

/** @param {Component} component @param {ComponentContext} context */
function selectView(
  { type, custom_id: customId, placeholder, options, disabled, max_values: max = 1 },
  context,
) {
  const choices =
    type === 5 ? [...context.names].map(([value, label]) => ({ value, label })) : (options ?? []);
  const isMultiple = max > 1;
  const select = h(
    'select',
    { 'aria-label': placeholder ?? 'Choose', disabled, multiple: isMultiple, class: 'select' },
    isMultiple ? null : h('option', { value: '' }, placeholder ?? 'Make a selection'),
    choices.map((/** @type {any} */ option) =>
      h(
        'option',
        { value: option.value, selected: option.default },
        option.description ? `${option.label} — ${option.description}` : option.label,
      ),
    ),
  );
  const send = () => {
    const values = [...select.selectedOptions].map(({ value }) => value).filter(Boolean);
    if (values.length > 0) void context.use(customId, values);
  };
  if (!isMultiple) {
    select.addEventListener('change', send);
    return select;
  }
  return h(
    'div',
    { class: 'multi-select' },
    select,
    h('button', { class: 'button secondary', type: 'button', on: { click: send } }, 'Choose'),
  );
}

/** @param {Component} component @param {ComponentContext} context */
function sectionView({ components, accessory }, context) {
  return h(
    'div',
    { class: 'section' },
    h('div', { class: 'section-text' }, componentsView(components ?? [], context)),
    accessory ? h('div', { class: 'accessory' }, componentView(accessory, context)) : null,
  );
}

/** @param {Component} component @param {ComponentContext} context */
function containerView({ components, accent_color: colour, spoiler }, context) {
  const container = h('div', { class: 'container' }, componentsView(components ?? [], context));
  if (typeof colour === 'number') {
    container.style.setProperty('--accent-line', `#${colour.toString(16).padStart(6, '0')}`);
  }
  if (!spoiler) return container;
  const reveal = h('button', { class: 'button secondary', type: 'button' }, 'Show spoiler');
  reveal.addEventListener('click', () => reveal.replaceWith(container));
  return reveal;
}
