import { access } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DISCORD_CDN_HOSTS, fetchAttachment, isAllowedUrl } from '../../../functions/worker/attachments.ts';

describe('isAllowedUrl', () => {
  it.each([
    ['https://cdn.discordapp.com/attachments/1/2/a.csv?ex=1', true],
    ['https://media.discordapp.net/attachments/1/2/a.csv', true],
    ['http://cdn.discordapp.com/a.csv', false],
    ['https://cdn.discordapp.com.evil.example/a.csv', false],
    ['https://cdn.discordapp.com@evil.example/a.csv', false],
    ['https://user:pass@cdn.discordapp.com/a.csv', false],
    ['https://cdn.discordapp.com:8443/a.csv', false],
    ['https://169.254.169.254/latest/meta-data', false],
    ['file:///etc/passwd', false],
    ['not a url', false],
  ])('%s: %s', (url, allowed) => {
    expect(isAllowedUrl(url, DISCORD_CDN_HOSTS)).toBe(allowed);
  });

  it('takes plain http and addresses for loopback entries only', () => {
    const hosts = ['127.0.0.1:9999', '10.0.0.1:80', '[::1]:9999'];
    expect(isAllowedUrl('http://127.0.0.1:9999/a', hosts)).toBe(true);
    expect(isAllowedUrl('http://[::1]:9999/a', hosts)).toBe(true);
    expect(isAllowedUrl('http://127.0.0.1:9998/a', hosts)).toBe(false);
    expect(isAllowedUrl('https://10.0.0.1:80/a', hosts)).toBe(false);
    expect(isAllowedUrl('http://10.0.0.1:80/a', hosts)).toBe(false);
  });
});

describe('fetchAttachment', () => {
  let server: Server;
  let origin: string;
  const hosts = () => [new URL(origin).host];
  const attachment = (path: string, size: number) => ({
    name: 'a.csv',
    url: `${origin}${path}`,
    size,
    contentType: undefined,
  });

  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === '/gone') response.writeHead(404).end();
      else if (request.url === '/redirect')
        response.writeHead(302, { location: 'https://example.com/' }).end();
      else if (request.url === '/cut') {
        response.writeHead(200, { 'content-length': '10' }).write('12345', () => response.destroy());
      } else response.end('1234567890');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  it('saves a complete file and deletes it when disposed of', async () => {
    const fetched = await fetchAttachment(attachment('/ok', 10), { hosts: hosts(), maxBytes: 100 });
    if ('problem' in fetched) throw new Error(fetched.problem);
    expect(fetched.size).toBe(10);
    await access(fetched.path);
    await fetched.dispose();
    await expect(access(fetched.path)).rejects.toThrow();
  });

  it.each([
    ['larger than it may be', '/ok', 101, 100, 'may have 100 bytes at most'],
    ['larger than it claims', '/ok', 5, 8, 'at most'],
    ['shorter than it claims', '/ok', 20, 100, 'only 10 bytes of 20 bytes arrived'],
    ['empty', '/ok', 0, 100, 'is empty'],
    ['gone', '/gone', 10, 100, 'HTTP 404'],
    ['somewhere else', '/redirect', 10, 100, 'could not be fetched'],
    ['cut off', '/cut', 10, 100, 'attach it again'],
  ])('says what is wrong with a file that is %s', async (_, path, size, maxBytes, words) => {
    const fetched = await fetchAttachment(attachment(path, size), { hosts: hosts(), maxBytes });
    expect(fetched).toEqual({ problem: expect.stringContaining(words) });
  });

  it('fetches from nowhere but the allowed hosts', async () => {
    const fetched = await fetchAttachment(attachment('/ok', 10), { hosts: DISCORD_CDN_HOSTS, maxBytes: 100 });
    expect(fetched).toEqual({ problem: expect.stringContaining('does not come from Discord') });
  });
});
