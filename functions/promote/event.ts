/** What the promote function may be asked for: S3's word that a manifest arrived, or an operator's own. */
import * as z from 'zod';
import { manifestKey } from '../shared/package-environment.ts';

export type PromoteOrder =
  | { readonly environment: string; readonly again: boolean }
  | { readonly rollBack: true; readonly to?: string | undefined };

const environment = z.string().regex(/^[\w-]{1,64}$/);

/** docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
const ArrivalSchema = z.object({
  source: z.literal('aws.s3'),
  detail: z.object({ object: z.object({ key: z.string() }) }),
});
const OrderSchema = z.union([
  z.strictObject({ environment, again: z.boolean().default(false) }),
  z.strictObject({ rollBack: z.literal(true), to: environment.optional() }),
]);

/** @throws Error for anything else */
export function parsePromoteEvent(event: unknown): PromoteOrder {
  const arrival = ArrivalSchema.safeParse(event);
  if (!arrival.success) return OrderSchema.parse(event);
  const { key } = arrival.data.detail.object;
  const named = environment.safeParse(key.split('/')[1]);
  if (!named.success || key !== manifestKey(named.data)) throw new Error('The object is no manifest.');
  return { environment: named.data, again: false };
}
