/** Content types: what a sender claims for uploads, what the bytes say for anything that Discord will show. */

const BY_EXTENSION: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
  txt: 'text/plain',
  md: 'text/markdown',
  py: 'text/x-python',
  json: 'application/json',
  html: 'text/html',
  xml: 'application/xml',
  yaml: 'application/yaml',
  yml: 'application/yaml',
  pdf: 'application/pdf',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  svg: 'image/svg+xml',
  ipynb: 'application/x-ipynb+json',
  zip: 'application/zip',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  parquet: 'application/vnd.apache.parquet',
};

const TYPE = /^[a-z]+\/[a-z0-9.+-]{1,100}$/;
export const UNKNOWN_TYPE = 'application/octet-stream';

/** @param claimed what came with the file; taken where the name says nothing */
export function contentTypeOf(name: string, claimed?: string): string {
  const byName = BY_EXTENSION[name.slice(name.lastIndexOf('.') + 1).toLowerCase()];
  const type = claimed?.split(';')[0]?.trim().toLowerCase() ?? '';
  return byName ?? (TYPE.test(type) ? type : UNKNOWN_TYPE);
}

/** The image formats that Discord shows, each by its first bytes. */
const IMAGE_SIGNATURES: readonly (readonly [string, (bytes: Buffer) => boolean])[] = [
  ['image/png', (bytes) => bytes.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex'))],
  ['image/jpeg', (bytes) => bytes.subarray(0, 3).equals(Buffer.from('ffd8ff', 'hex'))],
  ['image/gif', (bytes) => /^GIF8[79]a$/.test(bytes.toString('latin1', 0, 6))],
  [
    'image/webp',
    (bytes) => bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP',
  ],
];

/** @returns the image's type, or undefined where the bytes are no image that Discord shows */
export function imageTypeOf(data: Uint8Array): string | undefined {
  const bytes = Buffer.from(data.buffer, data.byteOffset, Math.min(data.byteLength, 16));
  return IMAGE_SIGNATURES.find(([, matches]) => matches(bytes))?.[0];
}
