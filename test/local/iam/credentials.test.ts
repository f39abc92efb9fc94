import { describe, expect, it } from 'vitest';
import { readCredentials } from '../../../local/iam/credentials.ts';

const SCOPE = 'ASIA1/20260101/us-east-1/s3/aws4_request';
const READ = { accessKeyId: 'ASIA1', region: 'us-east-1', service: 's3' };

describe('credentials', () => {
  it('stand in a header, in a URL or in a form', () => {
    const authorization = `AWS4-HMAC-SHA256 Credential=${SCOPE}, SignedHeaders=host, Signature=0`;
    expect(readCredentials({ authorization }, new URLSearchParams())).toEqual(READ);
    expect(readCredentials({}, new URLSearchParams({ 'X-Amz-Credential': SCOPE }))).toEqual(READ);
    expect(readCredentials({}, new URLSearchParams({ 'x-amz-credential': SCOPE }))).toEqual(READ);
  });

  it('are those of the header where there are two', () => {
    const authorization = `AWS4-HMAC-SHA256 Credential=${SCOPE}, SignedHeaders=host, Signature=0`;
    const url = new URLSearchParams({ 'X-Amz-Credential': 'ASIA2/1/r/lambda/aws4_request' });
    expect(readCredentials({ authorization }, url)).toEqual(READ);
  });

  it('are none where nothing is signed, and nobody’s where what is signed is not understood', () => {
    expect(readCredentials({ authorization: 'Bearer x' }, new URLSearchParams('a=b'))).toBeUndefined();
    expect(readCredentials({}, new URLSearchParams({ 'X-Amz-Credential': 'x' }))).toEqual({
      accessKeyId: 'x',
      region: '',
      service: '',
    });
  });
});
