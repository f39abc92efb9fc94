/** S3 as the worker uses it: whole files in, sizes and small reads out, and URLs for exactly one key each. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  NotFound,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { ExecutorSlot } from '../shared/executor-protocol.ts';

export interface ObjectStore {
  putFile(key: string, path: string, contentType: string): Promise<void>;
  /** @returns bytes, or undefined where there is no such object */
  size(key: string): Promise<number | undefined>;
  read(key: string): Promise<Uint8Array>;
  remove(key: string): Promise<void>;
  /** A URL that reads this key, for `seconds`; `downloadName` makes a browser save it under that name. */
  signGet(key: string, seconds: number, downloadName?: string): Promise<string>;
  /** A form that writes this key once or more for `seconds`, at most `maxBytes`. */
  signPost(key: string, seconds: number, maxBytes: number): Promise<ExecutorSlot>;
}

export function createObjectStore(client: S3Client, bucket: string): ObjectStore {
  const at = (key: string) => ({ Bucket: bucket, Key: key });
  return {
    async putFile(key, path, contentType) {
      const { size } = await stat(path);
      await client.send(
        new PutObjectCommand({
          ...at(key),
          Body: createReadStream(path),
          ContentLength: size,
          ContentType: contentType,
        }),
      );
    },

    async size(key) {
      try {
        return (await client.send(new HeadObjectCommand(at(key)))).ContentLength;
      } catch (error) {
        if (error instanceof NotFound) return undefined;
        throw error;
      }
    },

    async read(key) {
      const { Body } = await client.send(new GetObjectCommand(at(key)));
      if (!Body) throw new Error(`S3 sent no body for ${key}`);
      return Body.transformToByteArray();
    },

    async remove(key) {
      await client.send(new DeleteObjectCommand(at(key)));
    },

    signGet(key, seconds, downloadName) {
      const disposition = downloadName && {
        ResponseContentDisposition: `attachment; filename*=UTF-8''${encodeURIComponent(downloadName)}`,
        ResponseContentType: 'application/octet-stream',
      };
      return getSignedUrl(client, new GetObjectCommand({ ...at(key), ...disposition }), {
        expiresIn: seconds,
      });
    },

    signPost: (key, seconds, maxBytes) =>
      createPresignedPost(client, {
        ...at(key),
        Conditions: [['content-length-range', 0, maxBytes]],
        Expires: seconds,
      }),
  };
}
