/** Lambda entry point behind the HTTP API: reads the environment, makes the clients, calls the app. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { systemClock } from '../shared/clock.ts';
import { required } from '../shared/environment.ts';
import { readLimits } from '../shared/limits.ts';
import { createLog } from '../shared/log.ts';
import { createRunStore } from '../shared/run-store.ts';
import { answer, type InteractionsPorts } from './app.ts';

const lambda = new LambdaClient({});
const limits = readLimits(process.env);
const worker = required('SLASHBOX_WORKER');

const ports: InteractionsPorts = {
  runs: createRunStore({
    documents: DynamoDBDocumentClient.from(new DynamoDBClient({})),
    table: required('SLASHBOX_TABLE'),
    lifetimeSeconds: limits.fileLifetimeSeconds,
    clock: systemClock,
  }),
  async startWorker(runId) {
    const Payload = JSON.stringify({ runId });
    await lambda.send(new InvokeCommand({ FunctionName: worker, InvocationType: 'Event', Payload }));
  },
  publicKey: required('DISCORD_PUBLIC_KEY'),
  limits,
  clock: systemClock,
  log: createLog({ function: 'interactions' }),
};

export async function handler(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  const { status, body } = await answer(
    {
      body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
      signature: event.headers['x-signature-ed25519'],
      timestamp: event.headers['x-signature-timestamp'],
    },
    ports,
  );
  return {
    statusCode: status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
}
