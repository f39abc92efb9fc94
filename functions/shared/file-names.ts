/** Makes any attachment's name safe as a file name in a working folder, and says whether it had to change. */

/** Bytes, the limit of every file system a run may meet (ext4, tmpfs). */
const MAX_NAME_BYTES = 255;

/** Control, format (bidi, zero-width), surrogate, private and unassigned characters, and line separators. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * Keeps letters of every script, replaces what cannot be in a name by `_`, and shortens to 255 bytes
 * before the extension.
 * @returns a name that is never empty, `.` or `..`, and has no slash or invisible character
 */
export function safeFileName(name: string): string {
  const cleaned = name
    .normalize('NFC')
    .replace(/[\\/]/g, '_')
    .replace(UNPRINTABLE, '_')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^\.+/, (dots) => '_'.repeat(dots.length));
  return shorten(cleaned || 'file');
}

function shorten(name: string): string {
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name;
  const extension = /\.[\p{L}\p{N}]{1,10}$/u.exec(name)?.[0] ?? '';
  let room = MAX_NAME_BYTES - Buffer.byteLength(extension);
  let stem = '';
  for (const character of name.slice(0, name.length - extension.length)) {
    room -= Buffer.byteLength(character);
    if (room < 0) break;
    stem += character;
  }
  return stem + extension;
}
