/**
 * Invokes the executor in the user's own execution environment and accepts nothing of its answer that
 * does not fit the schema. Tries again only where Lambda says that it did not start: otherwise the code
 * may have run.
 */
import { InvokeCommand, type LambdaClient, TooManyRequestsException } from '@aws-sdk/client-lambda';
import {
  type ExecutorRequest,
  type ExecutorResult,
  ExecutorResultSchema,
} from '../shared/executor-protocol.ts';
import type { UserId } from '../shared/ids.ts';
import { parseJson } from '../shared/json.ts';
import type { Log } from '../shared/log.ts';

export type ExecutorAnswer =
  | { readonly kind: 'result'; readonly result: ExecutorResult; readonly milliseconds: number }
  /** No environment became free in time; the code did not run. */
  | { readonly kind: 'busy' }
  /** The environment died or answered with something that is not a result. */
  | { readonly kind: 'crashed' };

export interface ExecutorClient {
  /** @throws where Lambda itself could not be asked */
  run(userId: UserId, request: ExecutorRequest): Promise<ExecutorAnswer>;
}

export interface ExecutorClientOptions {
  /** Made with `maxAttempts: 1` and a request timeout above the executor's. */
  readonly client: LambdaClient;
  readonly functionName: string;
  readonly log: Log;
  /** Milliseconds from a monotonic clock: what a run took is ours to measure, not the executor's to say. */
  readonly stopwatch?: () => number;
  readonly wait?: (milliseconds: number) => Promise<void>;
}

/** Half a minute in all: the worker's own time-out has a minute beside the executor's. */
const PATIENCE_MS = [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 6_000];

export function createExecutorClient({
  client,
  functionName,
  log,
  stopwatch = () => performance.now(),
  wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
}: ExecutorClientOptions): ExecutorClient {
  return {
    async run(userId, request) {
      for (const pause of PATIENCE_MS) {
        const answer = await invoke(userId, request);
        if (answer.kind !== 'busy') return answer;
        await wait(pause);
      }
      return invoke(userId, request);
    },
  };

  async function invoke(userId: UserId, request: ExecutorRequest): Promise<ExecutorAnswer> {
    const started = stopwatch();
    try {
      const { Payload, FunctionError } = await client.send(
        new InvokeCommand({ FunctionName: functionName, TenantId: userId, Payload: JSON.stringify(request) }),
      );
      if (!FunctionError && Payload) return accept(Payload.transformToString(), stopwatch() - started);
      log.warn('the executor crashed', {
        runId: request.run_id,
        functionError: FunctionError ?? 'no payload',
      });
      return { kind: 'crashed' };
    } catch (error) {
      if (error instanceof TooManyRequestsException) return { kind: 'busy' };
      throw error;
    }

    function accept(text: string, milliseconds: number): ExecutorAnswer {
      const parsed = ExecutorResultSchema.safeParse(parseJson(text));
      if (parsed.success) return { kind: 'result', result: parsed.data, milliseconds };
      const where = parsed.error.issues.map(({ path, code }) => `${path.join('.')}: ${code}`).join('; ');
      log.warn('the executor sent something that is not a result', {
        runId: request.run_id,
        where: where.slice(0, 500),
      });
      return { kind: 'crashed' };
    }
  }
}
