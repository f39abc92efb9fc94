/**
 * S3's calls. https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 * Read from the path (`/bucket/key`), as every client of the local system addresses it.
 */
import type { Permission } from '../evaluate.ts';
import type { Call, Mapping } from './call.ts';

/** Parameters that do not make another call of it. */
const HARMLESS =
  /^(?:x-id|x-amz-.*|response-.*|list-type|prefix|delimiter|max-keys|continuation-token|start-after|encoding-type|fetch-owner)$/i;
/** Each would need an action more. */
const WRITES_MORE =
  /^x-amz-(?:acl|grant-.*|tagging|object-lock-.*|bypass-governance-retention|website-redirect-location|server-side-encryption-aws-kms-key-id)$/;

export const objectArn = (bucket: string, key: string): string => `arn:aws:s3:::${bucket}/${key}`;
/** @returns undefined for the ARN of anything else than a bucket or an object */
export const bucketOf = (arn: string): string | undefined => /^arn:aws:s3:::([^/]+)/.exec(arn)?.[1];
export const bucketArn = (bucket: string): string => `arn:aws:s3:::${bucket}`;

export const mapS3: Mapping = (call) => {
  const { bucket, key } = placeOf(call);
  const subresources = [...call.query.keys()].filter((name) => !HARMLESS.test(name));
  if (bucket === '' || Object.keys(call.headers).some((name) => WRITES_MORE.test(name))) return undefined;
  if (call.method === 'POST' && key === '') return mapPost(call, bucket, subresources);
  if (subresources.length > 0) return undefined;
  return key === '' ? mapBucket(call, bucket) : mapObject(call, objectArn(bucket, key));
};

/** Decoded. */
export function placeOf({ path }: Pick<Call, 'path'>): { bucket: string; key: string } {
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? [];
  return { bucket: decode(bucket), key: decode(key) };
}

function mapObject({ method, headers }: Call, resource: string): Permission[] | undefined {
  switch (method) {
    case 'GET':
    case 'HEAD':
      return [{ action: 's3:GetObject', resource }];
    case 'DELETE':
      return [{ action: 's3:DeleteObject', resource }];
    case 'PUT':
      return [
        { action: 's3:PutObject', resource },
        // To write over a certain object is to read it (AmazonS3/latest/userguide/conditional-writes.html).
        ...('if-match' in headers ? [{ action: 's3:GetObject', resource }] : []),
        ...sourceOf(headers['x-amz-copy-source']),
      ];
    default:
      return undefined;
  }
}

/** `bucket/key`, encoded; a version would be another action. */
function sourceOf(header: string | string[] | undefined): Permission[] {
  if (header === undefined) return [];
  const { bucket, key } = placeOf({ path: `/${String(header).replace(/^\//, '')}` });
  const action = key.includes('?versionId=') ? 's3:GetObjectVersion' : 's3:GetObject';
  return [{ action, resource: objectArn(bucket, key) }];
}

function mapBucket({ method, query }: Call, bucket: string): Permission[] | undefined {
  const resource = bucketArn(bucket);
  if (method === 'HEAD') return [{ action: 's3:ListBucket', resource }];
  if (method !== 'GET') return undefined;
  const prefix = query.get('prefix');
  return [
    { action: 's3:ListBucket', resource, ...(prefix !== null && { context: { 's3:prefix': prefix } }) },
  ];
}

function mapPost(
  { body, form }: Call,
  bucket: string,
  subresources: readonly string[],
): Permission[] | undefined {
  if (subresources.length === 0 && form.has('key')) {
    if ([...form.keys()].some((name) => name === 'acl' || WRITES_MORE.test(name))) return undefined;
    return [{ action: 's3:PutObject', resource: objectArn(bucket, form.get('key') ?? '') }];
  }
  if (subresources.join() !== 'delete') return undefined;
  const keys = [...body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => plain(key));
  const objects = body.toString().match(/<Object>/g)?.length ?? 0;
  if (keys.length === 0 || keys.length !== objects || body.includes('<VersionId>')) return undefined;
  return keys.map((key) => ({ action: 's3:DeleteObject', resource: objectArn(bucket, key) }));
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function plain(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (name) return ENTITIES[name.toLowerCase()] ?? whole;
    return String.fromCodePoint(decimal ? Number(decimal) : Number.parseInt(hex, 16));
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
