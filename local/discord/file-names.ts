/** What Discord makes of a file's name: letters, digits, dot, dash and underscore of ASCII stay. */

export interface StoredName {
  readonly filename: string;
  /** The name as given, without its extension, where Discord had to change it. */
  readonly title?: string;
}

const LONGEST = 260;

/** Spaces and all else become underscores; accents are taken off first. */
export function normaliseFileName(given: string): StoredName {
  const base = given.split(/[/\\]/).pop() ?? '';
  const plain = base.normalize('NFKD').replace(/\p{M}/gu, '');
  const kept = plain.replace(/[^A-Za-z0-9._-]/gu, '_').replace(/^\.+/, '_');
  const filename = shorten(kept || 'unknown');
  if (filename === given) return { filename };
  return { filename, title: base.replace(/\.[^.]*$/, '').slice(0, 1024) };
}

function shorten(name: string): string {
  if (name.length <= LONGEST) return name;
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 && name.length - dot <= 16 ? name.slice(dot) : '';
  return name.slice(0, LONGEST - extension.length) + extension;
}

const TYPES: Readonly<Record<string, string>> = {
  csv: 'text/csv; charset=utf-8',
  gif: 'image/gif',
  html: 'text/html; charset=utf-8',
  ipynb: 'application/x-ipynb+json',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  json: 'application/json; charset=utf-8',
  md: 'text/markdown; charset=utf-8',
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
  pdf: 'application/pdf',
  png: 'image/png',
  py: 'text/x-python; charset=utf-8',
  svg: 'image/svg+xml',
  tsv: 'text/tab-separated-values; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  webp: 'image/webp',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  zip: 'application/zip',
};

/** @returns a media type by extension, as Discord's CDN gives it, or undefined where it does not know one */
export function typeOf(filename: string): string | undefined {
  return TYPES[filename.slice(filename.lastIndexOf('.') + 1).toLowerCase()];
}
