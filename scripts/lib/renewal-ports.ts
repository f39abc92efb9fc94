/** A renewal's counterparts in AWS, or in the embedded one. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  GetLayerVersionByArnCommand,
  InvokeCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda';
import { GetObjectCommand, NoSuchKey } from '@aws-sdk/client-s3';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { z } from 'zod';
import { environmentOf, REBUILD_STATUS_KEY, refusalKey } from '../../functions/shared/package-environment.ts';
import { layerParameterOf } from '../../infra/names.ts';
import { OperatorError } from './arguments.ts';
import type { RenewPorts } from './renew.ts';
import type { Target } from './target.ts';

const StatusSchema = z.object({
  request: z.string(),
  state: z.enum(['resolving', 'building', 'built', 'finished', 'unchanged', 'failed']),
  environment: z.string().nullable(),
  message: z.string(),
});
const RefusalSchema = z.object({ reasons: z.array(z.string()) });
const PromotionSchema = z.object({ outcome: z.string(), environment: z.string() });

export function createRenewPorts({ lambda, s3, ssm, outputs, stage }: Target): RenewPorts {
  const read = async (Key: string): Promise<unknown> => {
    try {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: outputs.PackagesBucketName, Key }));
      return JSON.parse((await Body?.transformToString()) ?? 'null');
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  };
  return {
    async startRebuild(order) {
      await lambda.send(
        new InvokeCommand({
          FunctionName: outputs.RebuildFunctionName,
          InvocationType: 'Event',
          Payload: JSON.stringify(order),
        }),
      );
    },
    readStatus: async () => StatusSchema.safeParse(await read(REBUILD_STATUS_KEY)).data,
    readRefusal: async (environment) =>
      RefusalSchema.safeParse(await read(refusalKey(environment))).data?.reasons,
    promote: async (environment, again) =>
      (await askPromote({ lambda, outputs }, { environment, again })).outcome,

    async readInForce() {
      const { Parameter } = await ssm.send(new GetParameterCommand({ Name: layerParameterOf(stage) }));
      try {
        const layer = await lambda.send(new GetLayerVersionByArnCommand({ Arn: Parameter?.Value }));
        return environmentOf(layer.Description);
      } catch (error) {
        if (error instanceof ResourceNotFoundException) return undefined;
        throw error;
      }
    },
    say: console.log,
    wait: delay,
    now: Date.now,
  };
}

/**
 * Invokes the promote function and waits for its end.
 * @throws OperatorError in its own words where it did not succeed
 */
export async function askPromote(
  { lambda, outputs }: Pick<Target, 'lambda' | 'outputs'>,
  order: object,
): Promise<z.infer<typeof PromotionSchema>> {
  const { Payload, FunctionError } = await lambda.send(
    new InvokeCommand({ FunctionName: outputs.PromoteFunctionName, Payload: JSON.stringify(order) }),
  );
  const answer: unknown = JSON.parse(Payload?.transformToString() || 'null');
  if (!FunctionError) return PromotionSchema.parse(answer);
  const { errorMessage = 'its log says why' } = answer as { readonly errorMessage?: string };
  throw new OperatorError(errorMessage);
}
