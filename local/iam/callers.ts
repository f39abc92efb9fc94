/**
 * Which function a call comes from. The embedded AWS gives every function a session of its role, as Lambda
 * does, and checks that its calls are signed with it; the access key id tells whose it is.
 */
import { createHash } from 'node:crypto';
import { LambdaClient, paginateListFunctions } from '@aws-sdk/client-lambda';
import { cloudClient } from '../cloud/clients.ts';
import type { Principal } from './evaluate.ts';

export interface Caller extends Principal {
  readonly functionName: string;
  readonly functionArn: string;
  readonly roleName: string;
}

export interface Callers {
  /** @returns undefined where no function has this access key */
  find(accessKeyId: string): Promise<Caller | undefined>;
  close(): void;
}

/** @param sessionOf names the function of a session that somebody else began, as the runner does */
export function createCallers(
  endpoint: string,
  sessionOf: (accessKeyId: string) => string | undefined,
): Callers {
  const lambda = new LambdaClient(cloudClient(endpoint));
  let known = new Map<string, Caller>();
  return {
    async find(accessKeyId) {
      const key = sessionOf(accessKeyId) ?? accessKeyId;
      // A function that changes its role gets other credentials, so what is known stays true.
      if (!known.has(key)) known = await list();
      return known.get(key);
    },
    close: () => lambda.destroy(),
  };

  /** By access key id and by name. */
  async function list(): Promise<Map<string, Caller>> {
    const callers = new Map<string, Caller>();
    for await (const { Functions = [] } of paginateListFunctions({ client: lambda }, {})) {
      for (const { FunctionName = '', FunctionArn = '', Role = '' } of Functions) {
        const caller = toCaller(FunctionName, FunctionArn, Role);
        callers.set(FunctionName, caller).set(keyOf(FunctionArn, Role), caller);
      }
    }
    return callers;
  }
}

function toCaller(functionName: string, functionArn: string, roleArn: string): Caller {
  const account = roleArn.split(':')[4] ?? '';
  const roleName = roleArn.slice(roleArn.lastIndexOf('/') + 1);
  const arn = `arn:aws:sts::${account}:assumed-role/${roleName}/${functionName}`;
  return { functionName, functionArn, roleName, roleArn, arn };
}

/** As ministack 1.5.33 makes them (`execution_credentials` in its core/lambda_runtime.py). */
function keyOf(functionArn: string, roleArn: string): string {
  const digest = createHash('sha256').update(`${functionArn}:${roleArn}`).digest('hex');
  return `ASIA${digest.slice(0, 16).toUpperCase()}`;
}
