/** Makes a picture, so that tests need neither a chart library nor a binary file. */
import { deflateSync } from 'node:zlib';

/** A PNG with three coloured curves. */
export function picture(width: number, height: number): Uint8Array<ArrayBuffer> {
  const rows = Buffer.alloc((width * 3 + 1) * height, 255);
  for (let y = 0; y < height; y += 1) rows[y * (width * 3 + 1)] = 0;
  for (let x = 40; x < width - 20; x += 1) {
    for (const [line, colour] of [
      [76, 114, 176],
      [221, 132, 82],
      [85, 168, 104],
    ].entries()) {
      const y = Math.round(height / 2 + Math.sin(x / 60 + line * 2) * (height / 4) - line * 20 + 20);
      for (let thick = -1; thick <= 1; thick += 1)
        rows.set(colour, (y + thick) * (width * 3 + 1) + 1 + x * 3);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const parts = [chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.of())];
  return new Uint8Array(Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), ...parts]));
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), body.length + 4);
  return frame;
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
