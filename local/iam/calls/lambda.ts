/** Lambda's calls. https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html */
import type { Permission } from '../evaluate.ts';
import { arnOf, type Call, jsonOf, type Mapping } from './call.ts';
import { objectArn } from './s3.ts';

type Route = readonly [
  method: string,
  path: RegExp,
  map: (call: Call, name: string, version?: string) => readonly Permission[] | undefined,
];

const ROUTES: readonly Route[] = [
  ['POST', /^\/2015-03-31\/functions\/([^/]+)\/invocations\/?$/, mapInvoke],
  [
    'GET',
    /^\/2015-03-31\/functions\/([^/]+)\/configuration$/,
    mapOnFunction('lambda:GetFunctionConfiguration'),
  ],
  ['PUT', /^\/2015-03-31\/functions\/([^/]+)\/configuration$/, mapUpdate],
  ['GET', /^\/2018-10-31\/layers$/, mapFind],
  ['GET', /^\/2018-10-31\/layers\/([^/]+)\/versions$/, mapOnLayer('lambda:ListLayerVersions')],
  ['POST', /^\/2018-10-31\/layers\/([^/]+)\/versions$/, mapPublish],
  ['DELETE', /^\/2018-10-31\/layers\/([^/]+)\/versions\/(\d+)$/, mapOnLayer('lambda:DeleteLayerVersion')],
];

export const mapLambda: Mapping = (call) => {
  for (const [method, pattern, map] of ROUTES) {
    const found = method === call.method && pattern.exec(call.path);
    if (found) return map(call, decodeURIComponent(found[1] ?? ''), found[2]);
  }
  return undefined;
};

function mapInvoke(call: Call, name: string): Permission[] {
  const qualifier = call.query.get('Qualifier');
  return [{ action: 'lambda:InvokeFunction', resource: functionArn(call, name, qualifier) }];
}

function mapOnFunction(action: string) {
  return (call: Call, name: string): Permission[] => [{ action, resource: functionArn(call, name) }];
}

function mapOnLayer(action: string) {
  return (call: Call, name: string, version?: string): Permission[] => [
    { action, resource: layerArn(call, name, version) },
  ];
}

/**
 * Layers are named in the condition key, and have to be readable for whoever gives them to a function.
 * https://docs.aws.amazon.com/lambda/latest/dg/permissions-user-layer.html
 */
function mapUpdate(call: Call, name: string): Permission[] | undefined {
  const { Layers: layers = [] } = jsonOf(call) ?? {};
  if (!isTexts(layers)) return undefined;
  return [
    {
      action: 'lambda:UpdateFunctionConfiguration',
      resource: functionArn(call, name),
      ...(layers.length > 0 && { context: { 'lambda:layer': layers } }),
    },
    ...layers.map((resource) => ({ action: 'lambda:GetLayerVersion', resource })),
  ];
}

function mapFind({ query }: Call): Permission[] | undefined {
  const resource = query.get('Arn');
  if (query.get('find') !== 'LayerVersion' || resource === null) return undefined;
  return [{ action: 'lambda:GetLayerVersion', resource }];
}

/** The archive is read from S3 with the caller's own rights. */
function mapPublish(call: Call, name: string): Permission[] | undefined {
  const publish = { action: 'lambda:PublishLayerVersion', resource: layerArn(call, name) };
  const content = (jsonOf(call)?.Content ?? {}) as Readonly<Record<string, unknown>>;
  if (content.ZipFile !== undefined) return [publish];
  const { S3Bucket: bucket, S3Key: key } = content;
  if (typeof bucket !== 'string' || typeof key !== 'string' || 'S3ObjectVersion' in content) return undefined;
  return [publish, { action: 's3:GetObject', resource: objectArn(bucket, key) }];
}

/** @param name a name, or an ARN; each with or without a qualifier */
function functionArn(call: Call, name: string, qualifier: string | null = null): string {
  const arn = name.startsWith('arn:') ? name : arnOf(call, 'lambda', `function:${name}`);
  return qualifier === null ? arn : `${arn}:${qualifier}`;
}

function layerArn(call: Call, name: string, version?: string): string {
  const arn = name.startsWith('arn:') ? name : arnOf(call, 'lambda', `layer:${name}`);
  return version === undefined ? arn : `${arn}:${version}`;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
