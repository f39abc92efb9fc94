/** What the fake signs, and what a forger can make with its help. */
import { verifyKey } from 'discord-interactions';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSigningKey, importSigningKey } from '../../../local/discord/signing-key.ts';
import { createSnowflakes, snowflakeTime } from '../../../local/discord/snowflake.ts';
import { createHarness, type Harness } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
});
afterAll(() => harness.close());

describe('the signature', () => {
  it('is one that discord-interactions accepts, for any bytes and timestamp', async () => {
    const key = createSigningKey();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), fc.nat(), async (body, timestamp) => {
        const signature = key.sign(String(timestamp), body);
        expect(await verifyKey(Buffer.from(body), signature, String(timestamp), key.publicKey)).toBe(true);
        expect(await verifyKey(Buffer.from(body), signature, String(timestamp + 1), key.publicKey)).toBe(
          false,
        );
      }),
      { numRuns: 50 },
    );
  });

  it('stays the same after a restart with the exported key', () => {
    const key = createSigningKey();
    expect(importSigningKey(key.exportKey()).publicKey).toBe(key.publicKey);
  });

  it('needs an ed25519 key', () => {
    expect(() => importSigningKey('nonsense')).toThrow();
  });
});

describe('saving the endpoint', () => {
  it('passes where pings are answered and forgeries refused', async () => {
    await harness.discord.saveEndpoint();
  });

  it('sends what Discord sends', async () => {
    await harness.discord.ping();
    const { headers, body } = harness.received.at(-1) ?? { headers: {}, body: Buffer.of() };
    expect(headers['user-agent']).toContain('Discord-Interactions');
    expect(JSON.parse(body.toString())).toMatchObject({ type: 1, version: 1, user: { system: true } });
  });
});

describe('requests for tests', () => {
  it('can be stale, but are signed', async () => {
    expect((await harness.discord.signedRequest({ type: 1 }, { timestamp: 1 })).status).toBe(200);
  });

  it('can be changed after they were signed', async () => {
    const answer = await harness.discord.signedRequest('{"type":1}', {
      tamper: ({ body, headers }) => ({ body: body.subarray(0, 5), headers }),
    });
    expect(answer.status).toBe(401);
  });

  it('can be any bytes', async () => {
    await harness.discord.signedRequest(Uint8Array.of(0, 255, 128), { tamper: (request) => request });
    expect(harness.received.at(-1)?.body).toEqual(Buffer.of(0, 255, 128));
  });
});

describe('snowflakes', () => {
  it('rise, carry their time and never repeat', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1_500_000_000_000, max: 1_900_000_000_000 })), (times) => {
        let time = 0;
        const next = createSnowflakes(() => time);
        const ids = times.map((at) => {
          time = at;
          return BigInt(next());
        });
        expect(ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? 0n))).toBe(true);
      }),
    );
    expect(snowflakeTime(createSnowflakes(() => 1_700_000_000_000)())).toBe(1_700_000_000_000);
  });
});
