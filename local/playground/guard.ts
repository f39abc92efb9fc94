/**
 * Keeps other web sites out of the page's own API: a site that a person visits can make the browser send
 * requests to 127.0.0.1, under its own name (CSRF) or under a name that it points here (DNS rebinding).
 */

const LOOPBACK = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/i;

/** Sent by the page with every change: a header that another site cannot add without asking first. */
export const PAGE_HEADER = 'x-slashbox-page';

/** @returns why the request is refused, or undefined where it comes from the page itself */
export function refusalOf(request: Request): string | undefined {
  const host = request.headers.get('host') ?? '';
  if (!LOOPBACK.test(host)) {
    return `The playground answers to 127.0.0.1 and localhost only, not to "${host.slice(0, 100)}".`;
  }
  const origin = request.headers.get('origin');
  if (origin !== null && origin !== `http://${host}`) {
    return `The playground takes requests from its own page only, not from "${origin.slice(0, 100)}".`;
  }
  const site = request.headers.get('sec-fetch-site');
  if (site !== null && site !== 'same-origin' && site !== 'none') {
    return 'The playground takes requests from its own page only.';
  }
  if (request.method !== 'GET' && request.headers.get(PAGE_HEADER) !== '1') {
    return `A request that changes something needs the header ${PAGE_HEADER}: 1.`;
  }
  return undefined;
}
