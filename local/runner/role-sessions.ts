/** Sessions of the functions' roles, as Lambda begins them, for the environments that it would give them to. */
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { cloudClient } from '../cloud/clients.ts';
import { createRemembered } from '../process/remembered.ts';
import type { FunctionState } from './function-store.ts';

/** As the variables of an execution environment. */
export type RoleSession = Readonly<
  Record<'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY' | 'AWS_SESSION_TOKEN', string>
>;

export interface RoleSessions {
  /** The same one for all environments of a function, as long as it lasts. */
  of(state: Pick<FunctionState, 'name' | 'roleArn'>): Promise<RoleSession>;
  /** @returns the function that has this session */
  functionOf(accessKeyId: string): string | undefined;
  close(): void;
}

/** Renewed well before it ends, an hour after it began. */
const RENEWED_AFTER_MS = 1_800_000;

export function createRoleSessions(cloudEndpoint: string): RoleSessions {
  const sts = new STSClient(cloudClient(cloudEndpoint));
  const remembered = createRemembered<RoleSession>(RENEWED_AFTER_MS);
  const functions = new Map<string, string>();

  return {
    of: ({ name, roleArn }) => remembered(`${name} ${roleArn}`, () => begin(name, roleArn)),
    functionOf: (accessKeyId) => functions.get(accessKeyId),
    close: () => sts.destroy(),
  };

  async function begin(name: string, RoleArn: string): Promise<RoleSession> {
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: name }));
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
    functions.set(AccessKeyId, name);
    return {
      AWS_ACCESS_KEY_ID: AccessKeyId,
      AWS_SECRET_ACCESS_KEY: SecretAccessKey,
      AWS_SESSION_TOKEN: SessionToken,
    };
  }
}
