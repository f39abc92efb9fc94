/**
 * The embedded AWS for tests: one server for all suites that need it (started by the global setup), and
 * for each suite a table and a bucket of its own.
 */
import { randomBytes } from 'node:crypto';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { inject } from 'vitest';
import { DUE_INDEX } from '../../functions/shared/records.ts';
import { cloudClient } from '../../local/cloud/clients.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** URL of the embedded AWS. */
    cloudEndpoint: string;
  }
}

export interface TestCloud {
  readonly documents: DynamoDBDocumentClient;
  readonly s3: S3Client;
  readonly table: string;
  readonly bucket: string;
}

/** A fresh table, with the deployed table's keys and index, and a fresh bucket. */
export async function createTestCloud(): Promise<TestCloud> {
  const client = cloudClient(inject('cloudEndpoint'));
  const dynamo = new DynamoDBClient(client);
  const s3 = new S3Client(client);
  const name = `t${randomBytes(6).toString('hex')}`;
  await s3.send(new CreateBucketCommand({ Bucket: name }));
  await dynamo.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
        { AttributeName: 'dueHour', AttributeType: 'S' },
        { AttributeName: 'dueAt', AttributeType: 'N' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: DUE_INDEX,
          KeySchema: [
            { AttributeName: 'dueHour', KeyType: 'HASH' },
            { AttributeName: 'dueAt', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    }),
  );
  return { documents: DynamoDBDocumentClient.from(dynamo), s3, table: name, bucket: name };
}
