/** How an AWS client reaches the embedded cloud. */
import { CLOUD_CREDENTIALS, CLOUD_REGION } from './ministack.ts';

export interface CloudClientConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  /** For S3: `bucket.127.0.0.1` resolves to nothing. */
  readonly forcePathStyle: true;
}

export function cloudClient(endpoint: string): CloudClientConfig {
  return { endpoint, region: CLOUD_REGION, credentials: CLOUD_CREDENTIALS, forcePathStyle: true };
}
