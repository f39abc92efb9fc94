/**
 * Talks to the playground's server.
 * @import { PageAction, PageAnswer, PageEvent, PageState, UploadAnswer } from '../page-protocol.ts'
 */

const HEADERS = { 'x-slashbox-page': '1' };
const GONE = 'The playground does not answer. Is it still running?';

/** @returns {Promise<PageState>} */
export async function fetchState() {
  const response = await fetch('/page/state');
  if (!response.ok) throw new Error(await messageOf(response));
  return response.json();
}

/** @param {PageAction} action @returns {Promise<PageAnswer>} */
export async function act(action) {
  try {
    const response = await fetch('/page/actions', {
      method: 'POST',
      headers: HEADERS,
      body: JSON.stringify(action),
    });
    return response.ok ? response.json() : { ok: false, shown: await messageOf(response) };
  } catch {
    return { ok: false, shown: GONE };
  }
}

/** @param {File} file @returns {Promise<UploadAnswer>} */
export async function upload(file) {
  const query = new URLSearchParams({ name: file.name, type: file.type });
  try {
    const response = await fetch(`/page/uploads?${query}`, { method: 'POST', headers: HEADERS, body: file });
    return response.ok ? response.json() : { ok: false, shown: await messageOf(response) };
  } catch {
    return { ok: false, shown: GONE };
  }
}

/**
 * @param {string} user @param {(event: PageEvent) => void} onEvent
 * @param {(connected: boolean) => void} onConnection
 * @returns {() => void} ends it
 */
export function listen(user, onEvent, onConnection) {
  const source = new EventSource(`/page/events?user=${encodeURIComponent(user)}`);
  source.addEventListener('message', ({ data }) => onEvent(JSON.parse(data)));
  source.addEventListener('open', () => onConnection(true));
  source.addEventListener('error', () => onConnection(false));
  return () => source.close();
}

/** @param {Response} response */
async function messageOf(response) {
  const body = await response.json().catch(() => ({}));
  return typeof body.message === 'string' ? body.message : `The playground answered ${response.status}.`;
}
