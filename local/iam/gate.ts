/**
 * The way from functions to the embedded AWS: each call is held to the role that was deployed for the
 * function, each signed URL to that of its signer, each read without credentials to the bucket's policy.
 * What is not allowed is answered as AWS answers it, and logged. Operators do not come this way.
 */
import { mkdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Log } from '../../functions/shared/log.ts';
import { listen } from '../process/listen.ts';
import { createPassThrough } from '../runner/pass-through.ts';
import { createCallers } from './callers.ts';
import { permissionsOf } from './calls/permissions.ts';
import { bucketArn, bucketOf } from './calls/s3.ts';
import type { Permission } from './evaluate.ts';
import { readIncoming } from './incoming.ts';
import { createJudge } from './judge.ts';
import { needsOperator, operatorHeaders } from './operator.ts';
import { createPolicyStore } from './policies.ts';
import { nameOf, Refused, refuse, unknownKey, unmapped } from './refusal.ts';
import { createVpcEndpoint } from './vpc-endpoint.ts';

export interface GateOptions {
  /** URL of the embedded AWS. */
  readonly cloudEndpoint: string;
  /** URL that Lambda's calls go on to: the runner's. @default the embedded AWS's */
  readonly lambdaEndpoint?: string;
  /** Names the function of a session that the runner began. */
  readonly sessionOf?: (accessKeyId: string) => string | undefined;
  /** The stack whose VPC endpoint {@link Gate.vpcEndpoint} stands for. */
  readonly stackName: string;
  /** Folder that remembers the ports. */
  readonly home: string;
  /** How long a changed policy may take to be in force. @default 10000 */
  readonly policyLifetimeMs?: number;
  readonly log: Log;
}

export interface Gate {
  /** What `AWS_ENDPOINT_URL` of the functions has to be. */
  readonly url: string;
  /** The same, for those who reach S3 through the stack's VPC endpoint. */
  readonly vpcEndpoint: string;
  stop(): Promise<void>;
}

const POLICY_LIFETIME_MS = 10_000;

/** @throws where a port is taken or the home cannot be written */
export async function startGate(options: GateOptions): Promise<Gate> {
  const { cloudEndpoint, lambdaEndpoint = cloudEndpoint, home, log } = options;
  const callers = createCallers(cloudEndpoint, options.sessionOf ?? (() => undefined));
  const policies = createPolicyStore(cloudEndpoint, options.policyLifetimeMs ?? POLICY_LIFETIME_MS);
  const vpcEndpoint = createVpcEndpoint(cloudEndpoint, options.stackName);
  const judge = createJudge(policies, log);
  const toCloud = createPassThrough(cloudEndpoint);
  const toLambda = createPassThrough(lambdaEndpoint);
  await mkdir(home, { recursive: true });
  const main = createServer((request, response) => serve(request, response, async () => undefined));
  const vpc = createServer((request, response) => serve(request, response, vpcEndpoint.id));
  // An SDK keeps its connections; closing one under it would fail its next call.
  for (const server of [main, vpc]) server.keepAliveTimeout = 0;
  const { url } = await listen(main, { memory: join(home, 'port') });
  const { url: vpcUrl } = await listen(vpc, { memory: join(home, 'vpc-port') });

  return {
    url,
    vpcEndpoint: vpcUrl,
    async stop() {
      for (const server of [main, vpc]) {
        server.close();
        server.closeAllConnections();
      }
      for (const part of [callers, policies, vpcEndpoint, toCloud, toLambda]) part.close();
    },
  };

  function serve(
    request: IncomingMessage,
    response: ServerResponse,
    vpcEndpointId: () => Promise<string | undefined>,
  ): void {
    handle(request, response, vpcEndpointId).catch((error: unknown) => tell(request, response, error));
  }

  function tell(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    if (error instanceof Refused) log.warn('a call was refused', { ...error.seen, reason: error.message });
    else log.error('the gate to the embedded AWS failed', {}, error);
    if (response.headersSent) response.destroy();
    else refuse(response, request, error);
  }

  async function handle(
    request: IncomingMessage,
    response: ServerResponse,
    vpcEndpointId: () => Promise<string | undefined>,
  ): Promise<void> {
    const incoming = await readIncoming(request);
    const { call, credentials, body } = incoming;
    try {
      const caller = credentials && (await callers.find(credentials.accessKeyId));
      if (credentials && !caller) throw unknownKey(call, credentials.accessKeyId);
      const permissions = permissionsOf(call);
      if (!permissions) throw unmapped(call, caller);
      const sourceVpce = await vpcEndpointId();
      const check = async (permission: Permission): Promise<void> => {
        const reason = await judge(permission, caller, sourceVpce);
        if (reason === undefined) return;
        const { action, resource } = permission;
        throw new Refused(reason, call.service, { function: nameOf(caller), action, resource });
      };
      for (const permission of permissions) await check(permission);
      const passOn = call.service === 'lambda' ? toLambda : toCloud;
      passOn(request, response, {
        body,
        ...(needsOperator(call, credentials !== undefined) && { headers: operatorHeaders(call) }),
        replace: async ({ statusCode }) => {
          const list = statusCode === 404 && call.service === 's3' && listingOf(permissions);
          if (!list) return false;
          return check(list).then(
            () => false,
            (error: unknown) => {
              tell(request, response, error);
              return true;
            },
          );
        },
      });
    } catch (error) {
      // Whoever is still sending can only listen when it has been read.
      body.resume();
      throw error;
    }
  }
}

/**
 * What it takes to be told that an object is not there: without it, S3 says that access is denied
 * (AmazonS3/latest/API/API_GetObject.html, "Permissions").
 */
function listingOf(permissions: readonly Permission[]): Permission | undefined {
  const bucket = bucketOf(permissions.find(({ action }) => action === 's3:GetObject')?.resource ?? '');
  return bucket === undefined ? undefined : { action: 's3:ListBucket', resource: bucketArn(bucket) };
}
