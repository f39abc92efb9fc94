import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PeekedForm, peek, peekForm } from '../../../local/iam/body.ts';

let server: Server;
let look: (request: Parameters<typeof peek>[0]) => Promise<object>;

beforeEach(async () => {
  server = createServer(async (request, response) => {
    response.end(JSON.stringify(await look(request)));
    request.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

/** Sends a body in the given parts, each of which arrives by itself. */
async function send(parts: readonly Buffer[], contentType = 'text/plain'): Promise<unknown> {
  const length = Buffer.concat(parts).length;
  const head = `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: ${contentType}\r\nContent-Length: ${length}\r\n\r\n`;
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').setNoDelay(true);
  for (const part of [Buffer.from(head), ...parts]) {
    await new Promise((resolve) => socket.write(part, resolve));
  }
  const answer = (await buffer(socket)).toString();
  return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
}

function split(whole: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...cuts.map((cut) => cut % (whole.length + 1)).sort((a, b) => a - b), whole.length];
  return at.slice(1).map((end, index) => whole.subarray(at[index], end));
}

describe('a body that is looked into', () => {
  it('goes on whole', async () => {
    look = async (request) => {
      const peeked = await peek(request, 100);
      return { head: peeked?.head.toString(), whole: peeked && (await buffer(peeked.whole)).toString() };
    };
    expect(await send([Buffer.from('{"a":'), Buffer.from('1}')])).toEqual({
      head: '{"a":1}',
      whole: '{"a":1}',
    });
    expect(await send([])).toEqual({ head: '', whole: '' });
  });

  it('is given up where it is too large', async () => {
    look = async (request) => ({ found: (await peek(request, 100)) !== undefined });
    expect(await send([Buffer.alloc(101)])).toEqual({ found: false });
    expect(await send([Buffer.alloc(100)])).toEqual({ found: true });
  });
});

describe('a form', () => {
  const boundary = '----slashbox-123';
  const type = `multipart/form-data; boundary=${boundary}`;
  const field = (name: string, value: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const file = (content: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n${content}\r\n--${boundary}--\r\n`;
  const read = async (request: Parameters<typeof peekForm>[0]) => {
    const peeked: PeekedForm | undefined = await peekForm(request);
    return peeked
      ? { form: Object.fromEntries(peeked.form), whole: (await buffer(peeked.whole)).toString() }
      : {};
  };

  it('tells its fields, however it arrives, and goes on whole', async () => {
    look = read;
    const sent =
      field('key', 'outputs/1/0') +
      field('X-Amz-Credential', 'A/2/us-east-1/s3/aws4_request') +
      file('x'.repeat(50));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 4 }), async (cuts) => {
        expect(await send(split(Buffer.from(sent), cuts), type)).toEqual({
          form: { key: 'outputs/1/0', 'x-amz-credential': 'A/2/us-east-1/s3/aws4_request' },
          whole: sent,
        });
      }),
      { numRuns: 40 },
    );
  });

  it('does not take what stands in the file for a field', async () => {
    look = read;
    const sent = field('key', 'mine') + file(`\r\n${field('key', 'another')}`);
    expect(await send([Buffer.from(sent)], type)).toMatchObject({ form: { key: 'mine' }, whole: sent });
  });

  it('is given up where its file does not begin', async () => {
    look = read;
    expect(await send([Buffer.from(field('key', 'x'.repeat(200_000)))], type)).toEqual({});
    const large = [field('key', 'x'.repeat(60_000)), file('y'.repeat(200_000))].map((part) =>
      Buffer.from(part),
    );
    expect(await send(large, type)).toMatchObject({ whole: large.join('') });
  });
});
