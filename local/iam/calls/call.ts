/** A call to AWS as the mapping of its permissions sees it. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Permission } from '../evaluate.ts';

export interface Call {
  /** As the signature names it: `s3`, `dynamodb`, … */
  readonly service: string;
  readonly region: string;
  readonly account: string;
  readonly method: string;
  /** Still encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Empty where {@link bodyNeeds} does not ask for it. */
  readonly body: Buffer;
  /** The fields of a form that S3 takes, names in lower case. */
  readonly form: ReadonlyMap<string, string>;
}

/**
 * What a call needs to be allowed, all of it; undefined where nobody has written down what that is.
 * The actions and resources are those of the Service Authorization Reference,
 * https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
export type Mapping = (call: Call) => readonly Permission[] | undefined;

/** @returns undefined where the body is no JSON object */
export function jsonOf({ body }: Call): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString() || '{}');
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** ARN of something that belongs to the call's region and account. */
export function arnOf({ region, account }: Call, service: string, resource: string): string {
  return `arn:aws:${service}:${region}:${account}:${resource}`;
}
