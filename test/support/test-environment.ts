/** An execution environment around a process that only the test knows, behind the real Runtime API. */
import { PassThrough } from 'node:stream';
import { createLog } from '../../functions/shared/log.ts';
import type { Ending } from '../../local/process/kept-process.ts';
import { ExecutionEnvironment } from '../../local/runner/execution-environment.ts';
import type { FunctionState } from '../../local/runner/function-store.ts';
import type { Invocation, Outcome } from '../../local/runner/invocation.ts';
import type { RuntimeApi } from '../../local/runner/runtime-api.ts';

export interface TestEnvironment {
  readonly environment: ExecutionEnvironment;
  /** Of its Runtime API, with the secret. */
  readonly address: string;
  readonly stdout: PassThrough;
  /** What the runtime in the process would do. */
  readonly runtime: TestRuntime;
  /** How often the process was ended by the environment. */
  readonly ends: () => number;
  endProcess(ending: Ending): void;
}

export interface TestRuntime {
  next(): Promise<Response>;
  /** Waits for more, and is cut off when the test is over. */
  wait(): void;
  post(path: string, body: string | Buffer): Promise<Response>;
  respond(id: string, body: string | Buffer): Promise<Response>;
}

export const STATE: FunctionState = {
  name: 'executor',
  arn: 'arn:aws:lambda:us-east-1:000000000000:function:executor',
  roleArn: 'arn:aws:iam::000000000000:role/executor',
  revision: '1',
  perTenant: true,
  handler: 'handler.handler',
  runtime: 'python3.13',
  timeoutSeconds: 30,
  memoryMegabytes: 128,
  logFormat: 'Text',
  logGroup: '/aws/lambda/executor',
  environment: {},
  codeSha256: '',
  layerArns: [],
};

/** Its payload is `{"for": id}`. */
export const invocation = (id: string, wantsLog = false): Invocation => ({
  id,
  payload: Buffer.from(`{"for":"${id}"}`),
  tenantId: 'tenant-1',
  clientContext: undefined,
  traceId: 'Root=1',
  wantsLog,
});

export const told = (outcome: Outcome | 'not delivered') =>
  outcome === 'not delivered' ? outcome : JSON.parse(outcome.payload.toString());

export function openEnvironment(api: RuntimeApi, state: FunctionState = STATE): TestEnvironment {
  const stdout = new PassThrough();
  let ends = 0;
  let address = '';
  let endProcess: (ending: Ending) => void = () => undefined;
  const ended = new Promise<Ending>((resolve) => {
    endProcess = resolve;
  });
  const environment = new ExecutionEnvironment({
    state,
    tenantId: 'tenant-1',
    log: createLog({}, () => undefined),
    start(side) {
      address = api.open(side);
      const end = () => {
        ends += 1;
        endProcess({ code: null, signal: 'SIGKILL' });
        return ended;
      };
      return { pid: 1, stdout, stderr: new PassThrough(), ended, end };
    },
  });
  return { environment, address, stdout, runtime: createRuntime(address), ends: () => ends, endProcess };
}

function createRuntime(address: string): TestRuntime {
  const base = `http://${address}/2018-06-01/runtime`;
  const next = () => fetch(`${base}/invocation/next`);
  const post = (path: string, body: string | Buffer) =>
    fetch(`${base}/${path}`, { method: 'POST', body: body as RequestInit['body'] });
  return {
    next,
    wait: () => void next().catch(() => undefined),
    post,
    respond: (id, body) => post(`invocation/${id}/response`, body),
  };
}
