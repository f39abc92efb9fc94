/** Python functions with tenant isolation in the embedded AWS, for tests of what runs them. */
import { randomBytes } from 'node:crypto';
import { CreateRoleCommand, EntityAlreadyExistsException, IAMClient } from '@aws-sdk/client-iam';
import {
  CreateFunctionCommand,
  LambdaClient,
  PublishLayerVersionCommand,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda';
import { strToU8, type Zippable, zipSync } from 'fflate';
import { cloudClient } from '../../local/cloud/clients.ts';

export interface TestFunction {
  /** Source of `handler.py`; its function is `handler(event, context)`. */
  readonly source: string;
  readonly timeoutSeconds?: number;
  readonly memoryMegabytes?: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly layers?: readonly string[];
  /** @default true */
  readonly perTenant?: boolean;
}

/** @returns the new function's name */
export async function createFunction(endpoint: string, options: TestFunction): Promise<string> {
  const { source, timeoutSeconds = 10, memoryMegabytes = 128, environment = {}, layers = [] } = options;
  const name = `f${randomBytes(6).toString('hex')}`;
  await lambdaOf(endpoint).send(
    new CreateFunctionCommand({
      FunctionName: name,
      Runtime: 'python3.13',
      Handler: 'handler.handler',
      Role: await createRole(endpoint),
      Code: { ZipFile: zipOf({ 'handler.py': source }) },
      Timeout: timeoutSeconds,
      MemorySize: memoryMegabytes,
      Environment: { Variables: environment },
      Layers: [...layers],
      ...(options.perTenant !== false && { TenancyConfig: { TenantIsolationMode: 'PER_TENANT' } }),
    }),
  );
  return name;
}

/**
 * @param name of the role, which may be there already
 * @returns its ARN; it allows nothing yet
 */
export async function createRole(endpoint: string, name = 'test'): Promise<string> {
  const AssumeRolePolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
    ],
  });
  const iam = new IAMClient(cloudClient(endpoint));
  try {
    await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument }));
  } catch (error) {
    if (!(error instanceof EntityAlreadyExistsException)) throw error;
  }
  return `arn:aws:iam::000000000000:role/${name}`;
}

export async function updateFunction(endpoint: string, name: string, source: string): Promise<void> {
  const ZipFile = zipOf({ 'handler.py': source });
  await lambdaOf(endpoint).send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile }));
}

/** @returns the layer version's ARN */
export async function publishLayer(
  endpoint: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const { LayerVersionArn = '' } = await lambdaOf(endpoint).send(
    new PublishLayerVersionCommand({
      LayerName: `l${randomBytes(6).toString('hex')}`,
      Content: { ZipFile: zipOf(files) },
    }),
  );
  return LayerVersionArn;
}

/**
 * Equal files give equal bytes.
 * @param files name → content; a name that ends in `!` is of an executable
 */
export function zipOf(files: Readonly<Record<string, string>>): Uint8Array {
  const content: Zippable = {};
  for (const [name, text] of Object.entries(files)) {
    const executable = name.endsWith('!');
    content[executable ? name.slice(0, -1) : name] = [
      strToU8(text),
      { os: 3, attrs: (executable ? 0o100755 : 0o100644) << 16 },
    ];
  }
  return zipSync(content, { mtime: '2020-01-01T00:00:00' });
}

function lambdaOf(endpoint: string): LambdaClient {
  return new LambdaClient({ ...cloudClient(endpoint), maxAttempts: 1 });
}
