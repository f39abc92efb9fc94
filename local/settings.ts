/**
 * The outside settings of the local system: read once, checked in words, stable for whoever drives
 * Slashbox from outside (README, "Driving it from outside").
 */
import { isAbsolute, resolve } from 'node:path';
import { type Limits, readLimits } from '../functions/shared/limits.ts';

export interface Settings {
  /** Where the playground listens on 127.0.0.1; 0 takes any free port. */
  readonly port: number;
  /** Absolute path of the folder that keeps the data. */
  readonly home: string;
  /** Another signer's Ed25519 public key, hex; undefined for the playground's own. */
  readonly publicKey: string | undefined;
  readonly applicationId: string | undefined;
  /** Where replies go, without `/v10`; undefined for the playground. */
  readonly apiBase: string | undefined;
  /** Hosts for attachments, as given; undefined for Discord's and the playground's. */
  readonly cdnHosts: readonly string[] | undefined;
  readonly limits: Limits;
}

/** A setting that cannot be used; the message is one line for the person who set it. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_PORT = 8787;
const DEFAULT_HOME = '.slashbox/home';

/**
 * @param projectDir where a relative SLASHBOX_HOME starts from
 * @throws SettingsError, or LimitError for a limit
 */
export function readSettings(environment: Environment, projectDir: string): Settings {
  const given = (name: string): string | undefined => environment[name]?.trim() || undefined;
  const home = given('SLASHBOX_HOME') ?? DEFAULT_HOME;
  return {
    port: readPort(given('PORT')),
    home: isAbsolute(home) ? home : resolve(projectDir, home),
    publicKey: matching('DISCORD_PUBLIC_KEY', given('DISCORD_PUBLIC_KEY')?.toLowerCase(), {
      pattern: /^[0-9a-f]{64}$/,
      wanted: '64 hex digits, as the developer portal shows them',
    }),
    applicationId: matching('DISCORD_APPLICATION_ID', given('DISCORD_APPLICATION_ID'), {
      pattern: /^\d{1,20}$/,
      wanted: 'the application’s id: digits only',
    }),
    apiBase: readUrl(given('DISCORD_API_BASE')),
    cdnHosts: readHosts(given('DISCORD_CDN_HOSTS')),
    limits: readLimits(environment),
  };
}

function readPort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new SettingsError(
    `PORT is "${text}", but it must be a number from 0 to 65535 (0 takes any free port).`,
  );
}

function matching(
  name: string,
  value: string | undefined,
  { pattern, wanted }: { readonly pattern: RegExp; readonly wanted: string },
): string | undefined {
  if (value === undefined || pattern.test(value)) return value;
  throw new SettingsError(`${name} is "${value}", but it must be ${wanted}.`);
}

function readUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text.replace(/\/+$/, '');
  throw new SettingsError(
    `DISCORD_API_BASE is "${text}", but it must be a URL such as https://discord.com/api or http://127.0.0.1:9999/api.`,
  );
}

function readHosts(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  const hosts = text.split(',').flatMap((host) => host.trim().toLowerCase() || []);
  const wrong = hosts.find(
    (host) => !URL.canParse(`https://${host}`) || new URL(`http://${host}`).host !== host,
  );
  if (wrong === undefined && hosts.length > 0) return hosts;
  throw new SettingsError(
    `DISCORD_CDN_HOSTS has "${wrong ?? text}", but each entry must be host or host:port, without scheme or path.`,
  );
}
