/** The Ed25519 key pair with which the fake signs interactions, as Discord does for every application. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';

export interface SigningKey {
  /** 64 hex digits: what an operator would copy from Discord's developer portal. */
  readonly publicKey: string;
  /** @returns hex signature over timestamp + body */
  sign(timestamp: string, body: Uint8Array): string;
  /** PKCS #8 in PEM: keep it secret, hand it to {@link importSigningKey} at the next start. */
  exportKey(): string;
}

export function createSigningKey(): SigningKey {
  return importSigningKey(exportPem(generateKeyPairSync('ed25519').privateKey));
}

/** @throws where the text is not an Ed25519 private key in PEM */
export function importSigningKey(pem: string): SigningKey {
  const privateKey = createPrivateKey(pem);
  if (privateKey.asymmetricKeyType !== 'ed25519') {
    throw new Error(`The signing key is ${privateKey.asymmetricKeyType}, but Discord signs with ed25519.`);
  }
  const der = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return {
    publicKey: der.subarray(-32).toString('hex'),
    sign: (timestamp, body) =>
      sign(null, Buffer.concat([Buffer.from(timestamp), body]), privateKey).toString('hex'),
    exportKey: () => exportPem(privateKey),
  };
}

const exportPem = (key: ReturnType<typeof createPrivateKey>): string =>
  key.export({ type: 'pkcs8', format: 'pem' }).toString();
