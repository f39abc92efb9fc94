/**
 * Whose credentials a request is signed with, and for which service: in a header, in a URL, or in the fields
 * of a form. Whether the signature is right is for the embedded AWS to see.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
 */
import type { IncomingHttpHeaders } from 'node:http';

export interface Credentials {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
}

/** @returns undefined for a request without */
export function readCredentials(
  { authorization = '' }: Pick<IncomingHttpHeaders, 'authorization'>,
  fields: URLSearchParams,
): Credentials | undefined {
  const named = [...fields].find(([name]) => name.toLowerCase() === 'x-amz-credential')?.[1];
  const scope = /^AWS4-HMAC-SHA256 .*?Credential=([^,\s]+)/.exec(authorization)?.[1] ?? named;
  if (scope === undefined) return undefined;
  const [accessKeyId = '', , region = '', service = ''] = scope.split('/');
  return { accessKeyId, region, service };
}
