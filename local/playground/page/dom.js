/**
 * Makes elements. Text only ever becomes text nodes: nothing on this page is parsed as HTML.
 */

/** @typedef {Node | string | number | null | undefined | false | readonly Child[]} Child */

/**
 * @typedef {{ class?: string, on?: { [event: string]: (event: any) => void }, style?: Record<string, string>,
 *   data?: Record<string, string>, [attribute: string]: unknown }} Props
 */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {Props} [props] attributes; true stands alone, false and undefined are left out
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, { on = {}, style = {}, data = {}, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const [event, listener] of Object.entries(on)) element.addEventListener(event, listener);
  for (const [name, value] of Object.entries(style)) element.style.setProperty(name, value);
  Object.assign(element.dataset, data);
  append(element, children);
  return element;
}

/** @param {Node} parent @param {Child} child */
export function append(parent, child) {
  if (child === null || child === undefined || child === false) return;
  if (child instanceof Node) parent.appendChild(child);
  else if (Array.isArray(child)) for (const each of child) append(parent, each);
  else parent.appendChild(document.createTextNode(String(child)));
}

/** @param {string} id */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no element #${id}.`);
  return element;
}

/** @param {number} bytes */
export function formatSize(bytes) {
  if (bytes < 1024) return `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`;
  const units = ['KB', 'MB', 'GB'];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1023.95 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
