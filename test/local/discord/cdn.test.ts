/** The fake CDN: links that are signed, expire, and keep a user's page from acting. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OptionValue } from '../../../local/discord/command-input.ts';
import { createHarness, type Harness } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
});
afterAll(() => harness.close());

const run = (options: Record<string, OptionValue>) => harness.discord.invokeCommand({ name: 'run', options });

describe('the CDN', () => {
  const link = async (options: OptionValue = { name: 'page.html', content: '<script>1</script>' }) => {
    const { sent } = await run({ attach: options });
    const { resolved } = sent.data as { resolved: { attachments: Record<string, { url: string }> } };
    return Object.values(resolved.attachments)[0]?.url ?? '';
  };

  it('serves a file for 24 hours', async () => {
    const url = await link();
    harness.advance(86_399_000);
    expect((await fetch(url)).status).toBe(200);
    harness.advance(2_000);
    const late = await fetch(url);
    expect([late.status, await late.text()]).toEqual([404, 'This content is no longer available.']);
  });

  it.each([
    ['without a signature', (url: string) => url.split('?')[0] ?? ''],
    ['with a later expiry', (url: string) => url.replace(/ex=\w+/, 'ex=7fffffff')],
    ['with another name', (url: string) => url.replace('page.html', 'page.png')],
    ['with another id', (url: string) => url.replace(/\/(\d+)\/page/, '/1/page')],
  ])('does not serve a link %s', async (_, change) => {
    expect((await fetch(change(await link()))).status).toBe(404);
  });

  it('keeps a user’s page from acting on the playground', async () => {
    const { headers } = await fetch(await link());
    expect(headers.get('content-security-policy')).toContain('sandbox');
    expect(headers.get('content-disposition')).toContain('attachment');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });
});
