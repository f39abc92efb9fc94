/** Bodies of the API: whatever bytes and names come in as multipart arrive as they were sent, or are refused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DiscordError } from '../../../local/discord/errors.ts';
import { normaliseFileName } from '../../../local/discord/file-names.ts';
import { imageSize } from '../../../local/discord/image-size.ts';
import { readBody } from '../../../local/discord/request-body.ts';

const URL = 'http://127.0.0.1/';
const post = (body: FormData | string, type?: string) =>
  new Request(URL, { method: 'POST', body, ...(type && { headers: { 'content-type': type } }) });

describe('multipart', () => {
  it('brings bytes through unchanged', async () => {
    const bytes = fc.uint8Array({ maxLength: 300 }) as fc.Arbitrary<Uint8Array<ArrayBuffer>>;
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { maxLength: 10 }), fc.string(), async (contents, text) => {
        const form = new FormData();
        form.set('payload_json', JSON.stringify({ text }));
        for (const [index, content] of contents.entries())
          form.set(`files[${index}]`, new Blob([content]), 'f.bin');
        const { json, files } = await readBody(post(form));
        expect(json).toEqual({ text });
        expect(files.map((file) => Buffer.from(file.bytes))).toEqual(
          contents.map((content) => Buffer.from(content)),
        );
      }),
      { numRuns: 40 },
    );
  });

  it('is read or refused, never worse, whatever comes', async () => {
    const type = 'multipart/form-data; boundary=x';
    await fc.assert(
      fc.asyncProperty(fc.string(), async (noise) => {
        const body = `--x\r\nContent-Disposition: form-data; name="payload_json"\r\n\r\n${noise}\r\n--x--\r\n`;
        for (const sent of [noise, body]) {
          const error = await readBody(post(sent, type)).then(
            () => undefined,
            (problem: unknown) => problem,
          );
          expect(error === undefined || error instanceof DiscordError).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('of another content type is refused', async () => {
    await expect(readBody(post('a=b', 'application/x-www-form-urlencoded'))).rejects.toThrow('Content-Type');
  });
});

describe('file names', () => {
  it('become plain, not empty and not longer than 260, whatever was given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (given) => {
        const { filename } = normaliseFileName(given);
        expect(filename).toMatch(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,259}$/);
      }),
    );
  });

  it.each([
    ['plain.csv', 'plain.csv'],
    ['a b.csv', 'a_b.csv'],
    ['../../etc/passwd', 'passwd'],
    ['..', '_'],
    ['', 'unknown'],
    [`${'a'.repeat(300)}.csv`, `${'a'.repeat(256)}.csv`],
  ])('%j becomes %j', (given, expected) => {
    expect(normaliseFileName(given).filename).toBe(expected);
  });
});

describe('the size of a picture', () => {
  it('is read from a PNG', () => {
    const png = Buffer.alloc(24);
    png.write('\x89PNG\r\n\x1a\n', 0, 'latin1');
    png.writeUInt32BE(640, 16);
    png.writeUInt32BE(480, 20);
    expect(imageSize(png)).toEqual({ width: 640, height: 480 });
  });

  it('is read from a JPEG behind other segments', () => {
    const bytes = [0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc0, 0, 11, 8, 1, 0, 2, 0, 1];
    expect(imageSize(Uint8Array.from(bytes))).toEqual({ width: 512, height: 256 });
  });

  it('is unknown, not a crash, for any other bytes', () => {
    const heads = ['\x89PNG', 'GIF89a', '\xff\xd8\xff', 'RIFF    WEBPVP8X', ''];
    fc.assert(
      fc.property(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 40 }), (head, rest) => {
        const size = imageSize(Buffer.concat([Buffer.from(head, 'latin1'), rest]));
        expect(size === undefined || (size.width > 0 && size.height > 0)).toBe(true);
      }),
    );
  });
});
