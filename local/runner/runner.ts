/**
 * Lambda for functions with tenant isolation, in front of the embedded AWS: it runs them as Lambda does, each
 * tenant in processes of its own, under AWS's own runtime client. Every other call goes on to the cloud.
 */

import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Log } from '../../functions/shared/log.ts';
import { CLOUD_REGION } from '../cloud/ministack.ts';
import { listen } from '../process/listen.ts';
import { createEnvironmentPool } from './environment-pool.ts';
import { ExecutionEnvironment } from './execution-environment.ts';
import { createFunctionStore, type FunctionFolders, type FunctionState } from './function-store.ts';
import type { Outcome } from './invocation.ts';
import {
  checkSize,
  type InvokeTarget,
  readInvocation,
  readInvocationType,
  readTarget,
  readTenantId,
} from './invoke-request.ts';
import { invalidParameter, LambdaError, serviceError, writeError } from './lambda-errors.ts';
import { createPassThrough } from './pass-through.ts';
import { removeTree } from './remove-tree.ts';
import { createRoleSessions, type RoleSession } from './role-sessions.ts';
import { startRuntimeApi } from './runtime-api.ts';
import { startRuntime } from './runtime-process.ts';

export interface RunnerOptions {
  /** URL of the embedded AWS. */
  readonly cloudEndpoint: string;
  /** The Python of the environment that awslambdaric is installed in. */
  readonly python: string;
  /** Folder for unpacked code and the environments' `/tmp`; one runner at a time. */
  readonly home: string;
  /** @default the embedded AWS's */
  readonly region?: string;
  /**
   * Functions that have tenant isolation even while the cloud does not say so: from their creation, where it
   * drops that, until it is told (cloud/reconcile.ts). The others are found by their configuration.
   */
  readonly functions?: readonly { readonly name: string; readonly tenancy: 'PER_TENANT' }[];
  /** Execution environments at a time, over all tenants. @default 8 */
  readonly maxEnvironments?: number;
  /** @default 300 */
  readonly idleSeconds?: number;
  /** A port that has to be this one; otherwise the last one used, or any that is free. */
  readonly port?: number;
  readonly log: Log;
}

export interface Runner {
  /** What `AWS_ENDPOINT_URL_LAMBDA` of whoever invokes such functions has to be. */
  readonly url: string;
  /** Names the function whose environments have this access key. */
  readonly sessionOf: (accessKeyId: string) => string | undefined;
  /** Unpacks a function's code and layers ahead of its first invocation. */
  prepare(functionName: string): Promise<void>;
  /** Ends every environment with all its processes; invocations under way fail. */
  stop(): Promise<void>;
}

const MAX_ENVIRONMENTS = 8;
const IDLE_SECONDS = 300;

type PreparedFunction = FunctionState & {
  readonly folders: FunctionFolders;
  readonly session: RoleSession;
};

/** @throws where the port is taken or the home cannot be written */
export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const { cloudEndpoint, python, home, region = CLOUD_REGION, functions = [], log } = options;
  const isolated = new Set(functions.map(({ name }) => name));
  const scratch = join(home, 'environments');
  await mkdir(home, { recursive: true });
  await clear(scratch);
  const store = createFunctionStore({ cloudEndpoint, python, home });
  await store.prune();
  const sessions = createRoleSessions(cloudEndpoint);
  const runtimeApi = await startRuntimeApi();
  const passOn = createPassThrough(cloudEndpoint);
  const cleanings = new Set<Promise<void>>();
  const pool = createEnvironmentPool<PreparedFunction>({
    maxEnvironments: options.maxEnvironments ?? MAX_ENVIRONMENTS,
    idleSeconds: options.idleSeconds ?? IDLE_SECONDS,
    start: startEnvironment,
  });

  const server = createServer((request, response) => {
    const requestId = randomUUID();
    handle(request, response, requestId).catch((error: unknown) => {
      if (!(error instanceof LambdaError)) log.error('the runner failed', { requestId }, error);
      const told = error instanceof LambdaError ? error : serviceError('The runner failed; see its log.');
      writeError(response, told, requestId);
    });
  });
  // An SDK keeps its connections; closing one under it would fail its next call.
  server.keepAliveTimeout = 0;
  const { url } = await listen(server, {
    ...(options.port && { port: options.port }),
    memory: join(home, 'port'),
  });

  return {
    url,
    sessionOf: sessions.functionOf,
    async prepare(functionName) {
      const state = await store.describe(functionName);
      if (state) await store.prepare(state);
    },
    async stop() {
      server.close();
      await pool.stop();
      await Promise.all(cleanings);
      await runtimeApi.close();
      server.closeAllConnections();
      passOn.close();
      store.close();
      sessions.close();
    },
  };

  async function handle(
    request: IncomingMessage,
    response: ServerResponse,
    requestId: string,
  ): Promise<void> {
    const target = readTarget(request);
    if (!target) return passOn(request, response);
    const type = readInvocationType(request);
    checkSize(request, type);
    const state = await store.describe(target.functionName);
    if (!state || !(state.perTenant || isolated.has(state.name))) {
      if (state && request.headers['x-amz-tenant-id'] !== undefined) throw tenantUnwanted();
      return passOn(request, response);
    }
    checkTarget(target, state);
    const tenantId = readTenantId(request);
    const invocation = await readInvocation(request, type, tenantId);
    if (type === 'DryRun') return void response.writeHead(204, { 'x-amzn-requestid': requestId }).end();
    const [folders, session] = await Promise.all([store.prepare(state), sessions.of(state)]);
    const prepared = { ...state, folders, session };
    const outcome = pool.invoke(prepared, invocation);
    if (type === 'RequestResponse') return answer(response, await outcome, invocation.id);
    response.writeHead(202, { 'x-amzn-requestid': invocation.id }).end();
    // Once, and nobody is told: the product invokes these functions synchronously.
    outcome.then(
      ({ functionError }) =>
        functionError && log.warn('an asynchronous invocation failed', { invocation: invocation.id }),
      (error: unknown) => log.warn('an asynchronous invocation failed', { invocation: invocation.id }, error),
    );
  }

  function startEnvironment(state: PreparedFunction, tenantId: string): ExecutionEnvironment {
    mkdirSync(scratch, { recursive: true });
    const tmp = mkdtempSync(join(scratch, 'tmp-'));
    // To be entered by the user that code may run as, but not to be listed.
    chmodSync(tmp, 0o711);
    let address = '';
    const environment = new ExecutionEnvironment({
      state,
      tenantId,
      log,
      start(side) {
        address = runtimeApi.open(side);
        return startRuntime({
          python,
          region,
          state,
          folders: state.folders,
          session: state.session,
          tmp,
          address,
        });
      },
    });
    const cleaning = environment.ended
      .then(() => {
        runtimeApi.shut(address);
        return removeTree(tmp);
      })
      .finally(() => cleanings.delete(cleaning));
    cleanings.add(cleaning);
    return environment;
  }
}

function checkTarget({ isPlain, qualifier, functionName }: InvokeTarget, { arn }: FunctionState): void {
  if (!isPlain)
    throw invalidParameter(`${functionName} has tenant isolation: only Invoke is supported for it.`);
  if (qualifier === undefined || qualifier === '$LATEST') return;
  throw new LambdaError(404, 'ResourceNotFoundException', `Function not found: ${arn}:${qualifier}`, {
    Type: 'User',
  });
}

function tenantUnwanted(): LambdaError {
  return invalidParameter(
    'The invoked function is not enabled with tenancy configuration. Remove the tenant ID from your request and try again.',
  );
}

function answer(response: ServerResponse, { payload, functionError, log }: Outcome, id: string): void {
  response
    .writeHead(200, {
      'content-type': 'application/json',
      'content-length': payload.length,
      'x-amzn-requestid': id,
      'x-amz-executed-version': '$LATEST',
      ...(functionError && { 'x-amz-function-error': functionError }),
      ...(log !== undefined && { 'x-amz-log-result': Buffer.from(log).toString('base64') }),
    })
    .end(payload);
}

/** Left by a runner that was killed. */
async function clear(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  await Promise.all(names.map((name) => removeTree(join(folder, name))));
}
