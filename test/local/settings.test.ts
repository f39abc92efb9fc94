import { describe, expect, it } from 'vitest';
import { readSettings } from '../../local/settings.ts';

const read = (environment: Record<string, string>) => readSettings(environment, '/project');

describe('settings from outside', () => {
  it('has a default for everything', () => {
    expect(read({})).toMatchObject({
      port: 8787,
      home: '/project/.slashbox/home',
      publicKey: undefined,
      apiBase: undefined,
      cdnHosts: undefined,
    });
  });

  it('takes what is given', () => {
    const key = 'AB'.repeat(32);
    expect(
      read({
        PORT: '0',
        SLASHBOX_HOME: '/data',
        DISCORD_PUBLIC_KEY: key,
        DISCORD_APPLICATION_ID: '42',
        DISCORD_API_BASE: 'http://127.0.0.1:9999/api/',
        DISCORD_CDN_HOSTS: '127.0.0.1:9999, cdn.discordapp.com',
        SLASHBOX_TIME_LIMIT_S: '5',
      }),
    ).toMatchObject({
      port: 0,
      home: '/data',
      publicKey: key.toLowerCase(),
      applicationId: '42',
      apiBase: 'http://127.0.0.1:9999/api',
      cdnHosts: ['127.0.0.1:9999', 'cdn.discordapp.com'],
      limits: { timeLimitSeconds: 5 },
    });
  });

  it.each([
    ['PORT', '70000'],
    ['PORT', 'http'],
    ['DISCORD_PUBLIC_KEY', 'abc'],
    ['DISCORD_APPLICATION_ID', 'my-app'],
    ['DISCORD_API_BASE', 'discord.com/api'],
    ['DISCORD_API_BASE', 'ftp://discord.com'],
    ['DISCORD_CDN_HOSTS', 'https://cdn.discordapp.com'],
    ['DISCORD_CDN_HOSTS', ','],
    ['SLASHBOX_MAX_FILES', 'many'],
  ])('names %s when it is %j', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(name);
  });
});
