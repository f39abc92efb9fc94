/**
 * Calls that the gate allowed and the embedded AWS would refuse, because it reads them in another way than
 * AWS does (ministack 1.5.33; a test tells when it no longer does). They go on as the operator's.
 */
import { CLOUD_CREDENTIALS } from '../cloud/ministack.ts';
import type { Call } from './calls/call.ts';

/** @param isSigned whether the call has credentials */
export function needsOperator({ service, method, path }: Call, isSigned: boolean): boolean {
  // It does not know aws:SourceVpce, on which the bucket's policy lets anyone read.
  if (!isSigned) return true;
  // It takes every read of a layer for lambda:ListLayers.
  return service === 'lambda' && method === 'GET' && path.startsWith('/2018-10-31/layers');
}

/** The embedded AWS does not verify signatures with its own key, so there is none here. */
export function operatorHeaders({ service, region }: Call): Readonly<Record<string, string | undefined>> {
  const time = `${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}`;
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  return {
    authorization: `AWS4-HMAC-SHA256 Credential=${CLOUD_CREDENTIALS.accessKeyId}/${scope}, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
    'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
    'x-amz-date': time,
    'x-amz-security-token': undefined,
  };
}
