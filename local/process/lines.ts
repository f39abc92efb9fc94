/** Calls back with each line of a text stream; a line longer than the cap comes in pieces. */

import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

const MAX_LINE_CHARACTERS = 16_384;

export function onLines(stream: Readable, take: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) emit(line);
    while (rest.length > MAX_LINE_CHARACTERS) {
      take(rest.slice(0, MAX_LINE_CHARACTERS));
      rest = rest.slice(MAX_LINE_CHARACTERS);
    }
  });
  stream.on('end', () => {
    const last = rest + decoder.end();
    if (last !== '') emit(last);
  });
  stream.on('error', () => undefined);

  function emit(line: string): void {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    for (let at = 0; at === 0 || at < text.length; at += MAX_LINE_CHARACTERS) {
      take(text.slice(at, at + MAX_LINE_CHARACTERS));
    }
  }
}
