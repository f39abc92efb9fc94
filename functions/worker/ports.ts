/** Builds the worker's ports from the environment; both of its entry points share them. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { systemClock } from '../shared/clock.ts';
import { required } from '../shared/environment.ts';
import { readLimits } from '../shared/limits.ts';
import { createLog } from '../shared/log.ts';
import { createRunStore } from '../shared/run-store.ts';
import type { WorkerPorts } from './app.ts';
import { DISCORD_CDN_HOSTS } from './attachments.ts';
import { createFilesCommand } from './commands/files.ts';
import { createRunCommand } from './commands/run.ts';
import { createUploadCommand } from './commands/upload.ts';
import { createExecutorClient } from './executor-client.ts';
import { createFileStore } from './file-store.ts';
import { createObjectStore } from './object-store.ts';
import { createReplies, createRest } from './replies.ts';

/** Seconds that an answer of the executor may take beyond install and code: its own time-out has 30. */
const EXECUTOR_MARGIN_SECONDS = 45;

export function portsFrom(environment: NodeJS.ProcessEnv): WorkerPorts {
  const limits = readLimits(environment);
  const log = createLog({ function: 'worker' });
  const table = required('SLASHBOX_TABLE', environment);
  const documents = DynamoDBDocumentClient.from(new DynamoDBClient({}));
  const s3 = new S3Client({ forcePathStyle: environment.SLASHBOX_S3_PATH_STYLE === 'true' });
  const objects = createObjectStore(s3, required('SLASHBOX_FILES_BUCKET', environment));
  const seconds = limits.installLimitSeconds + limits.timeLimitSeconds + EXECUTOR_MARGIN_SECONDS;
  const lambda = new LambdaClient({
    maxAttempts: 1,
    requestHandler: { requestTimeout: seconds * 1000, httpsAgent: { keepAlive: true } },
  });
  const upload = {
    files: createFileStore({ documents, objects, table, limits, clock: systemClock }),
    cdnHosts: hosts(environment.DISCORD_CDN_HOSTS),
    limits,
  };
  const rest = createRest(environment.DISCORD_API_BASE);
  return {
    runs: createRunStore({
      documents,
      table,
      lifetimeSeconds: limits.fileLifetimeSeconds,
      clock: systemClock,
    }),
    commands: {
      run: createRunCommand({
        ...upload,
        objects,
        executor: createExecutorClient({
          client: lambda,
          functionName: required('SLASHBOX_EXECUTOR', environment),
          log,
        }),
      }),
      upload: createUploadCommand(upload),
      files: createFilesCommand(upload),
    },
    repliesFor: ({ applicationId, token }) => createReplies({ rest, applicationId, token, log }),
    log,
  };
}

function hosts(setting: string | undefined): string[] {
  const given = (setting ?? '').split(',').flatMap((host) => host.trim().toLowerCase() || []);
  return given.length ? given : [...DISCORD_CDN_HOSTS];
}
