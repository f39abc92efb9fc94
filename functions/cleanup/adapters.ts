/** The clean-up's view of the table and the bucket. */
import { DeleteObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb';
import { CLEANUP_KEY, DUE_INDEX, outputPrefix } from '../shared/records.ts';
import type { CleanupPorts, DueRecord } from './app.ts';

export interface CleanupResources {
  readonly documents: DynamoDBDocumentClient;
  readonly s3: S3Client;
  readonly table: string;
  readonly bucket: string;
}

export function createCleanupAdapters({
  documents,
  s3,
  table,
  bucket,
}: CleanupResources): Omit<CleanupPorts, 'clock' | 'log' | 'print'> {
  const removeObject = async (key: string): Promise<void> => {
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
  };
  return {
    async *due(hour, now) {
      let start: Record<string, unknown> | undefined;
      do {
        const page = await documents.send(
          new QueryCommand({
            TableName: table,
            IndexName: DUE_INDEX,
            KeyConditionExpression: 'dueHour = :hour AND dueAt <= :now',
            ExpressionAttributeValues: { ':hour': hour, ':now': now },
            ...(start && { ExclusiveStartKey: start }),
          }),
        );
        yield* (page.Items ?? []) as DueRecord[];
        start = page.LastEvaluatedKey;
      } while (start);
    },

    removeObject,

    async removeOutputs({ runId }) {
      const listed = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: outputPrefix(runId) }));
      for (const { Key } of listed.Contents ?? []) if (Key) await removeObject(Key);
    },

    async removeRecord({ pk, sk }) {
      await documents.send(new DeleteCommand({ TableName: table, Key: { pk, sk } }));
    },

    async readWatermark() {
      const { Item } = await documents.send(new GetCommand({ TableName: table, Key: CLEANUP_KEY }));
      return typeof Item?.watermark === 'number' ? Item.watermark : undefined;
    },

    async writeWatermark(watermark, removed, ranAt) {
      const Item = { ...CLEANUP_KEY, type: 'cleanup', watermark, removed, ranAt };
      await documents.send(new PutCommand({ TableName: table, Item }));
    },
  };
}
