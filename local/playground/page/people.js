/** Names and pictures of those who write. */
import { h } from './dom.js';

const HUES = [172, 265, 24, 205, 335, 95];

/** @param {{ id: string, bot?: boolean, username: string, global_name?: string | null }} user */
export function nameOf({ global_name: name, username }) {
  return name ?? username;
}

/** @param {Parameters<typeof nameOf>[0]} user */
export function avatar(user, size = '') {
  const hue = HUES[Number(BigInt(user.id) % BigInt(HUES.length))] ?? 0;
  const initial = user.bot ? '/' : (nameOf(user)[0] ?? '?').toUpperCase();
  return h(
    'span',
    {
      class: `avatar ${user.bot ? 'bot' : ''} ${size}`,
      'aria-hidden': 'true',
      style: { '--hue': String(hue) },
    },
    initial,
  );
}
