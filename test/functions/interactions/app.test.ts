import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answer, type InteractionsPorts } from '../../../functions/interactions/app.ts';
import { readLimits } from '../../../functions/shared/limits.ts';
import { createLog } from '../../../functions/shared/log.ts';
import { command, createSigner, modal, snowflake } from '../../support/interactions.ts';

const NOW = 1_790_000_000;
const signer = createSigner();

function setUp(overrides: Partial<InteractionsPorts> = {}) {
  const known = new Map<string, string>();
  const started: string[] = [];
  const finished: string[] = [];
  const lines: string[] = [];
  const ports: InteractionsPorts = {
    runs: {
      async create(runId, interaction) {
        if (known.has(runId)) return false;
        known.set(runId, interaction);
        return true;
      },
      async finish(runId, status) {
        finished.push(`${runId} ${status}`);
      },
    },
    startWorker: async (runId) => {
      started.push(runId);
    },
    publicKey: signer.publicKey,
    limits: readLimits({}),
    clock: () => NOW,
    log: createLog({}, (line) => lines.push(line)),
    ...overrides,
  };
  return { ports, known, started, finished, lines };
}

function signed(body: unknown, timestamp: number | string = NOW) {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return { body: bytes, signature: signer.sign(bytes, timestamp), timestamp: String(timestamp) };
}

describe('signature', () => {
  it('answers a signed ping with pong', async () => {
    const { ports } = setUp();
    expect(await answer(signed({ type: 1, id: '1', user: { system: true } }), ports)).toEqual({
      status: 200,
      body: { type: 1 },
    });
  });

  it.each([
    ['no signature', { signature: undefined }],
    ['no timestamp', { timestamp: undefined }],
    ['a short signature', { signature: 'ab' }],
    ['a signature that is not hex', { signature: 'z'.repeat(128) }],
    ["somebody else's signature", { signature: createSigner().sign('{"type":1}', NOW) }],
    ['another timestamp than the signed one', { timestamp: String(NOW - 1) }],
  ])('refuses %s with 401', async (_, change) => {
    const { ports } = setUp();
    const { status } = await answer({ ...signed('{"type":1}'), ...change }, ports);
    expect(status).toBe(401);
  });

  it('refuses a body of which one byte was changed', async () => {
    const { ports } = setUp();
    const request = signed(command({ options: { code: 'print(1)' } }));
    await fc.assert(
      fc.asyncProperty(fc.nat(request.body.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const body = Buffer.from(request.body);
        body[at] = (body[at] ?? 0) ^ by;
        expect((await answer({ ...request, body }, ports)).status).toBe(401);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    [-300, 200],
    [-301, 401],
    [300, 200],
    [301, 401],
  ])('a request signed %d seconds from now gets %d', async (offset, status) => {
    const { ports } = setUp();
    expect((await answer(signed({ type: 1 }, NOW + offset), ports)).status).toBe(status);
  });

  it('does not take a timestamp that is not plain digits, even when signed', async () => {
    const { ports } = setUp();
    for (const timestamp of [`${NOW}.0`, ` ${NOW}`, '1e9', 'Infinity', '']) {
      expect((await answer(signed({ type: 1 }, timestamp), ports)).status).toBe(401);
    }
  });
});

describe('bodies', () => {
  it('refuses more than a megabyte before it verifies anything', async () => {
    const { ports } = setUp();
    const { status, body } = await answer(signed('x'.repeat(1_000_001)), ports);
    expect(status).toBe(413);
    expect(body).toEqual({ error: expect.stringContaining('limit is 1000000') });
  });

  it('answers 400 to signed bytes that are not JSON or not an interaction', async () => {
    const { ports, started } = setUp();
    for (const body of ['', '{"type":', 'null', '[]', '42', '{"type":2}', '{"type":2,"id":"x"}']) {
      expect((await answer(signed(body), ports)).status).toBe(400);
    }
    expect(started).toEqual([]);
  });

  it('never throws for any signed JSON', async () => {
    const { ports } = setUp();
    await fc.assert(
      fc.asyncProperty(fc.json(), async (text) => {
        const { status } = await answer(signed(text), ports);
        expect([200, 400]).toContain(status);
      }),
      { numRuns: 100 },
    );
  });

  it('says so when an interaction is too large to be recorded, and records nothing', async () => {
    const { ports, known } = setUp();
    const { body } = await answer(signed(command({ options: { code: 'x'.repeat(390_000) } })), ports);
    expect(body).toMatchObject({
      type: 4,
      data: { content: expect.stringContaining('too large'), flags: 64 },
    });
    expect(known.size).toBe(0);
  });
});

describe('commands', () => {
  it('defers /run with code and hands nothing but the run id to the worker', async () => {
    const { ports, started, known } = setUp();
    const interaction = command({ options: { code: 'print(1)' } });
    expect((await answer(signed(interaction), ports)).body).toEqual({ type: 5 });
    expect(started).toEqual([interaction.id]);
    expect(JSON.parse(known.get(interaction.id) ?? '')).toEqual(interaction);
  });

  it('starts a run once when the same interaction comes twice', async () => {
    const { ports, started } = setUp();
    const request = signed(command({ options: { code: 'print(1)' } }));
    const [first, second] = [await answer(request, ports), await answer(request, ports)];
    expect(second).toEqual(first);
    expect(started).toHaveLength(1);
  });

  it('opens the editor for /run without code, before anything is recorded', async () => {
    const { ports, known } = setUp();
    for (const options of [{}, { code: '  \n ' }] as Record<string, string>[]) {
      expect((await answer(signed(command({ options })), ports)).body).toMatchObject({
        type: 9,
        data: { custom_id: 'v1:run' },
      });
    }
    expect(known.size).toBe(0);
  });

  it('opens the file form for /upload without a file', async () => {
    const { ports } = setUp();
    expect((await answer(signed(command({ name: 'upload' })), ports)).body).toMatchObject({
      type: 9,
      data: { custom_id: 'v1:upload' },
    });
  });

  it.each(['upload', 'files'])('answers /%s privately', async (name) => {
    const { ports } = setUp();
    const file = { id: '9', filename: 'a.csv', size: 3, url: 'https://cdn.discordapp.com/a.csv' };
    const body = command({ name, options: { file: '9' }, attachments: [file] });
    expect((await answer(signed(body), ports)).body).toEqual({ type: 5, data: { flags: 64 } });
  });

  it('keeps a run private when the option or the form says so', async () => {
    const { ports } = setUp();
    const bodies = [
      command({ options: { code: '1', private: true } }),
      modal('v1:run', { code: '1', private: true }),
    ];
    for (const body of bodies) {
      expect((await answer(signed(body), ports)).body).toEqual({ type: 5, data: { flags: 64 } });
    }
  });

  it('names an unknown command to its user, without letting the name out of its quotes', async () => {
    const { ports, started } = setUp();
    const { body } = await answer(signed(command({ name: 'frobnicate`@everyone' })), ports);
    expect(body).toMatchObject({
      type: 4,
      data: {
        content: expect.stringContaining('`/frobnicateeveryone`'),
        flags: 64,
        allowed_mentions: { parse: [] },
      },
    });
    expect(started).toEqual([]);
  });

  it('tells the user and closes the record when the worker cannot be started', async () => {
    const { ports, finished, lines } = setUp({
      startWorker: () => Promise.reject(new Error('throttled')),
    });
    const id = snowflake();
    const { status, body } = await answer(signed(command({ id, options: { code: 'secret_code()' } })), ports);
    expect(status).toBe(200);
    expect(body).toMatchObject({ type: 4, data: { content: expect.stringContaining(id) } });
    expect(finished).toEqual([`${id} failed`]);
    expect(lines.join()).not.toContain('secret_code');
  });
});
