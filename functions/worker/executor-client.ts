/**
 * Invokes the executor in the user's own execution environment and accepts nothing of its answer that
 * does not fit the schema. Never retries: the code may have run.
 */
import { InvokeCommand, type LambdaClient, TooManyRequestsException } from '@aws-sdk/client-lambda';
import {
  type ExecutorRequest,
  type ExecutorResult,
  ExecutorResultSchema,
} from '../shared/executor-protocol.ts';
import type { UserId } from '../shared/ids.ts';
import type { Log } from '../shared/log.ts';

export type ExecutorAnswer =
  | { readonly kind: 'result'; readonly result: ExecutorResult }
  /** No environment was free; the code did not run. */
  | { readonly kind: 'busy' }
  /** The environment died or answered with something that is not a result. */
  | { readonly kind: 'crashed' };

export interface ExecutorClient {
  /** @throws where Lambda itself could not be asked */
  run(userId: UserId, request: ExecutorRequest): Promise<ExecutorAnswer>;
}

/** @param client made with `maxAttempts: 1` and a request timeout above the executor's */
export function createExecutorClient(client: LambdaClient, functionName: string, log: Log): ExecutorClient {
  return {
    async run(userId, request) {
      try {
        const { Payload, FunctionError } = await client.send(
          new InvokeCommand({
            FunctionName: functionName,
            TenantId: userId,
            Payload: JSON.stringify(request),
          }),
        );
        if (FunctionError || !Payload) {
          log.warn('the executor crashed', {
            runId: request.run_id,
            functionError: FunctionError ?? 'no payload',
          });
          return { kind: 'crashed' };
        }
        return accept(Payload.transformToString());
      } catch (error) {
        if (error instanceof TooManyRequestsException) return { kind: 'busy' };
        throw error;
      }

      function accept(text: string): ExecutorAnswer {
        const parsed = ExecutorResultSchema.safeParse(parseJson(text));
        if (parsed.success) return { kind: 'result', result: parsed.data };
        const where = parsed.error.issues.map(({ path, code }) => `${path.join('.')}: ${code}`).join('; ');
        log.warn('the executor sent something that is not a result', {
          runId: request.run_id,
          where: where.slice(0, 500),
        });
        return { kind: 'crashed' };
      }
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
