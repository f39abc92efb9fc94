/** Lambda entry point: invoked every hour by EventBridge Scheduler, and by `npm run cleanup`. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { systemClock } from '../shared/clock.ts';
import { required } from '../shared/environment.ts';
import { createLog } from '../shared/log.ts';
import { createCleanupAdapters } from './adapters.ts';
import { type CleanupResult, cleanUp } from './app.ts';

const adapters = createCleanupAdapters({
  documents: DynamoDBDocumentClient.from(new DynamoDBClient({})),
  s3: new S3Client({ forcePathStyle: process.env.SLASHBOX_S3_PATH_STYLE === 'true' }),
  table: required('SLASHBOX_TABLE'),
  bucket: required('SLASHBOX_FILES_BUCKET'),
});
const log = createLog({ function: 'cleanup' });

export function handler(): Promise<CleanupResult> {
  return cleanUp({ ...adapters, clock: systemClock, log, print: console.log });
}
