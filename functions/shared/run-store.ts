/**
 * Run records: the lock that makes a run happen once.
 * Discord may deliver an interaction twice and Lambda an asynchronous event twice; both are decided by a
 * conditional write here, not by hoping (docs/adr/0005-run-record-is-the-lock.md).
 */
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Clock } from './clock.ts';
import type { RunId } from './ids.ts';
import { expiry, type RunRecord, runKey } from './records.ts';

export interface RunStore {
  /** @returns false where this run is already known */
  create(runId: RunId, interaction: string): Promise<boolean>;
  /** `queued → running`. @returns the record, or undefined where somebody else has it or nobody knows it */
  claim(runId: RunId): Promise<RunRecord | undefined>;
  /** Records the end of a run. */
  finish(runId: RunId, status: 'done' | 'failed'): Promise<void>;
  /** `queued | running → failed`. @returns the record, or undefined where the run has ended already */
  abandon(runId: RunId): Promise<RunRecord | undefined>;
}

export interface RunStoreOptions {
  readonly documents: DynamoDBDocumentClient;
  readonly table: string;
  readonly lifetimeSeconds: number;
  readonly clock: Clock;
}

/** An hour more than its produced files have: when its time comes, none of them is anybody's any more. */
const RUN_GRACE_SECONDS = 3_600;

export function createRunStore({ documents, table, lifetimeSeconds, clock }: RunStoreOptions): RunStore {
  return {
    async create(runId, interaction) {
      const now = clock();
      const record: RunRecord = {
        ...runKey(runId),
        ...expiry(now + lifetimeSeconds + RUN_GRACE_SECONDS),
        type: 'run',
        runId,
        status: 'queued',
        interaction,
        createdAt: now,
      };
      return unlessRefused(async () => {
        await documents.send(
          new PutCommand({ TableName: table, Item: record, ConditionExpression: 'attribute_not_exists(pk)' }),
        );
        return true;
      }, false);
    },

    claim: (runId) => move(runId, 'running', ['queued']),

    abandon: (runId) => move(runId, 'failed', ['queued', 'running']),

    async finish(runId, status) {
      await move(runId, status, ['queued', 'running']);
    },
  };

  /** The conditional update that only one of several callers gets. */
  function move(
    runId: RunId,
    to: RunRecord['status'],
    from: readonly RunRecord['status'][],
  ): Promise<RunRecord | undefined> {
    const names = from.map((_, index) => `:from${index}`);
    return unlessRefused(async () => {
      const { Attributes } = await documents.send(
        new UpdateCommand({
          TableName: table,
          Key: runKey(runId),
          UpdateExpression: 'SET #status = :to',
          ConditionExpression: `#status IN (${names.join(', ')})`,
          ExpressionAttributeNames: { '#status': 'status' },
          ExpressionAttributeValues: {
            ':to': to,
            ...Object.fromEntries(names.map((name, index) => [name, from[index]])),
          },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return Attributes as RunRecord | undefined;
    }, undefined);
  }
}

async function unlessRefused<Value, Otherwise>(
  write: () => Promise<Value>,
  otherwise: Otherwise,
): Promise<Value | Otherwise> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return otherwise;
    throw error;
  }
}
