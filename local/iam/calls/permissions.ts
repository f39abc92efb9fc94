/** Which permissions a call needs, and how much of its body has to be read to tell. */
import type { Permission } from '../evaluate.ts';
import type { Call, Mapping } from './call.ts';
import { mapDynamoDb, mapSsm } from './json.ts';
import { mapLambda } from './lambda.ts';
import { mapCloudFormation, mapEc2 } from './query.ts';
import { mapS3 } from './s3.ts';

const MAPPINGS: Readonly<Record<string, Mapping>> = {
  cloudformation: mapCloudFormation,
  dynamodb: mapDynamoDb,
  ec2: mapEc2,
  lambda: mapLambda,
  s3: mapS3,
  ssm: mapSsm,
};

/** @returns undefined for a call that nobody has mapped, which is to be refused */
export function permissionsOf(call: Call): readonly Permission[] | undefined {
  const map = Object.hasOwn(MAPPINGS, call.service) ? MAPPINGS[call.service] : undefined;
  const permissions = map?.(call);
  return permissions?.length ? permissions : undefined;
}

/** `whole` for what names its resources in the body, `form` for S3's uploads, which have fields before the file. */
export function bodyNeeds({
  service,
  method,
  path,
  query,
  headers,
}: Pick<Call, 'method' | 'path' | 'query' | 'headers'> & { readonly service: string | undefined }):
  | 'none'
  | 'whole'
  | 'form' {
  if (method === 'POST' && headers['content-type']?.startsWith('multipart/form-data')) return 'form';
  if (service === 's3') return query.has('delete') ? 'whole' : 'none';
  return path.endsWith('/invocations') || service === undefined ? 'none' : 'whole';
}
