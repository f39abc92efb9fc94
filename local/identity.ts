/** Who the local bot is: an application id and the fake Discord's signing key, kept from start to start. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSigningKey } from './discord/signing-key.ts';
import { createSnowflakes } from './discord/snowflake.ts';

export interface Identity {
  readonly applicationId: string;
  /** PKCS #8 in PEM, of the playground's signing key. */
  readonly signingKey: string;
}

/** Made at the first start, found again at every later one. */
export async function loadIdentity(home: string): Promise<Identity> {
  const file = join(home, 'identity.json');
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Identity;
  } catch {
    const identity = {
      applicationId: createSnowflakes(Date.now)(),
      signingKey: createSigningKey().exportKey(),
    };
    await mkdir(home, { recursive: true });
    await writeFile(file, JSON.stringify(identity), { mode: 0o600 });
    return identity;
  }
}
