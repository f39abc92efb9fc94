/** Interactions as Discord sends them, and the key that signs them, for tests of our functions alone. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export interface Signer {
  readonly publicKey: string;
  sign(body: Uint8Array | string, timestamp: number | string): string;
}

export function createSigner(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    publicKey: rawHex(publicKey),
    sign: (body, timestamp) =>
      sign(null, Buffer.concat([Buffer.from(String(timestamp)), Buffer.from(body)]), privateKey).toString(
        'hex',
      ),
  };
}

/** The last 32 bytes of the SPKI form are the key itself. */
const rawHex = (key: KeyObject): string =>
  key.export({ type: 'spki', format: 'der' }).subarray(-32).toString('hex');

let counter = 0n;

/** A new snowflake for every call. */
export const snowflake = (): string => String(1_440_000_000_000_000_000n + ++counter);

export const ADA = '111111111111111111';

interface CommandOptions {
  readonly id?: string;
  readonly name?: string;
  readonly options?: Readonly<Record<string, string | boolean>>;
  readonly attachments?: readonly AttachmentBody[];
  readonly userId?: string;
  readonly extra?: Readonly<Record<string, unknown>>;
}

export interface AttachmentBody {
  readonly id: string;
  readonly filename: string;
  readonly size: number;
  readonly url: string;
  readonly content_type?: string;
}

export function command({
  id,
  name = 'run',
  options = {},
  attachments = [],
  userId,
  extra,
}: CommandOptions = {}) {
  return {
    ...base(id, userId),
    type: 2,
    data: {
      id: snowflake(),
      type: 1,
      name,
      options: Object.entries(options).map(([option, value]) => ({ name: option, type: 3, value })),
      resolved: resolve(attachments),
    },
    ...extra,
  };
}

export function modal(
  customId: string,
  fields: Readonly<Record<string, string | boolean | readonly string[]>>,
  attachments: readonly AttachmentBody[] = [],
) {
  const components = Object.entries(fields).map(([name, value]) => ({
    type: 18,
    component: { custom_id: name, ...(Array.isArray(value) ? { values: value } : { value }) },
  }));
  return { ...base(), type: 5, data: { custom_id: customId, components, resolved: resolve(attachments) } };
}

const resolve = (attachments: readonly AttachmentBody[]) => ({
  attachments: Object.fromEntries(attachments.map((attachment) => [attachment.id, attachment])),
});

const base = (id = snowflake(), userId = ADA) => ({
  id,
  application_id: '222222222222222222',
  token: `token-${id}`,
  version: 1,
  attachment_size_limit: 10_485_760,
  member: { user: { id: userId, username: 'ada' } },
});
