import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../../functions/shared/log.ts';
import { createReplies, createRest } from '../../../functions/worker/replies.ts';

/** Answers with the given statuses in turn, the last one for ever, and keeps what it got. */
describe('editing a reply', () => {
  let server: Server;
  let answers: { status: number; body?: unknown }[];
  let bodies: FormData[];
  let paths: string[];
  const waits: number[] = [];
  const lines: string[] = [];

  beforeEach(async () => {
    bodies = [];
    paths = [];
    waits.length = 0;
    lines.length = 0;
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      paths.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`.trim());
      const headers = { 'content-type': request.headers['content-type'] ?? '' };
      const body = Buffer.concat(chunks);
      if (headers['content-type'].startsWith('multipart/')) {
        bodies.push(await new Response(body, { headers }).formData());
      } else {
        const form = new FormData();
        form.set('payload_json', body.toString());
        bodies.push(form);
      }
      const { status, body: answer } =
        answers.length > 1 ? (answers.shift() as never) : (answers[0] as never);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {}));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => server.close());

  const replies = () =>
    createReplies({
      rest: createRest(`http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`),
      applicationId: '1',
      token: 'tok/../en',
      log: createLog({}, (line) => lines.push(line)),
      wait: async (milliseconds) => {
        waits.push(milliseconds);
      },
    });
  const payload = (index: number) => JSON.parse(String(bodies[index]?.get('payload_json')));
  const reply = {
    tone: 'good' as const,
    texts: ['hello'],
    images: [{ name: 'a.png', data: Buffer.from('png'), contentType: 'image/png', description: 'a chart' }],
  };

  it('sends components and files without any bot token, and cannot be led to another path', async () => {
    answers = [{ status: 200 }];
    await replies().edit(reply);
    expect(paths).toEqual(['PATCH /api/v10/webhooks/1/tok%2F..%2Fen/messages/@original']);
    expect(payload(0)).toMatchObject({ flags: 32768, attachments: [{ id: '0', filename: 'a.png' }] });
    expect(bodies[0]?.get('files[0]')).toMatchObject({ name: 'a.png' });
  });

  it('waits while Discord does not know the message yet', async () => {
    const unknown = { status: 404, body: { code: 10015, message: 'Unknown Webhook' } };
    answers = [unknown, unknown, { status: 200 }];
    await replies().edit(reply);
    expect(paths).toHaveLength(3);
    expect(waits).toEqual([50, 100]);
  });

  it('gives up on a message that never appears', async () => {
    answers = [{ status: 404, body: { code: 10015, message: 'Unknown Webhook' } }];
    await expect(replies().edit(reply)).rejects.toThrow('Unknown Webhook');
    expect(paths).toHaveLength(8);
  });

  it('sends plain content when Discord refuses the components', async () => {
    answers = [{ status: 400, body: { code: 50035, message: 'Invalid Form Body' } }, { status: 200 }];
    await replies().edit(reply);
    expect(payload(1)).toEqual({
      content: 'hello',
      allowed_mentions: { parse: [] },
      attachments: [{ id: '0', filename: 'a.png', description: 'a chart' }],
    });
    expect(lines.join()).not.toContain('tok');
  });

  it('leaves files out, and says so, when it is the files that Discord refuses', async () => {
    answers = [{ status: 413, body: { code: 40005, message: 'Request entity too large' } }, { status: 200 }];
    await replies().edit(reply);
    expect(payload(1).content).toContain('Discord did not accept the files here: a.png');
    expect(payload(1).attachments).toEqual([]);
  });
});
