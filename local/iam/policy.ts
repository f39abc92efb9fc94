/**
 * Policy documents as they were deployed, read strictly: whatever a document says that {@link decide} would
 * not weigh is refused here, so that no word of a policy is passed over in silence.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
 */
import { z } from 'zod';
import { CONDITION_KEYS, OPERATORS } from './conditions.ts';

/** A document that says something which is not understood here; the message names it. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
}

/** One of the two, as in `Action` and `NotAction`. */
export interface Selection {
  readonly patterns: readonly string[];
  readonly inverted: boolean;
}

export interface Condition {
  readonly operator: string;
  /** In lower case, as keys are compared. */
  readonly key: string;
  readonly values: readonly string[];
}

export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: Selection;
  readonly resources: Selection;
  /** All have to hold. */
  readonly conditions: readonly Condition[];
  /** `*` or ARNs of roles; undefined in a role's policies. A service is none of these. */
  readonly principals: readonly string[] | undefined;
}

const oneOrMore = z.union([z.string().transform((text) => [text]), z.array(z.string())]);
const Patterns = oneOrMore.refine((patterns) => patterns.every((pattern) => !pattern.includes('${')), {
  error: 'policy variables are not understood',
});
/** An account stands for all that it allows to whom, which is not weighed here. */
const Principals = oneOrMore.refine(
  (names) =>
    names.every((name) => name === '*' || /^arn:aws:(?:iam|sts)::\d{12}:(?:role|assumed-role)\//.test(name)),
  { error: 'a principal other than "*" and roles is not understood' },
);
const Values = z.union([oneOrMore, z.boolean().transform((value) => [String(value)])]);
const Statements = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Principal: z
    .union([
      z.literal('*').transform(() => ['*']),
      z.strictObject({ AWS: Principals.optional(), Service: oneOrMore.optional() }),
    ])
    .optional(),
  Action: oneOrMore.optional(),
  NotAction: oneOrMore.optional(),
  Resource: Patterns.optional(),
  NotResource: Patterns.optional(),
  Condition: z.partialRecord(z.enum(OPERATORS), z.record(z.string(), Values)).optional(),
});
type RawStatement = z.infer<typeof Statements>;
const Document = z.strictObject({
  Version: z.literal('2012-10-17'),
  Id: z.string().optional(),
  Statement: z.preprocess((value) => [value].flat(), z.array(Statements)),
});

/**
 * @param text JSON, also in the URL encoding that IAM's API has for it
 * @param source named in messages
 * @throws PolicyError
 */
export function parsePolicy(text: string, source: string): Statement[] {
  let document: unknown;
  try {
    const json = text.trimStart().startsWith('{') ? text : decodeURIComponent(text);
    document = JSON.parse(json, refuseHidden);
  } catch (cause) {
    throw new PolicyError(`${source} is not JSON that can be read`, { cause });
  }
  const { data, error } = Document.safeParse(document);
  if (error) throw new PolicyError(`${source} is not understood: ${z.prettifyError(error)}`);
  return data.Statement.map((statement) => toStatement(statement, source));
}

/** Objects have this name of their own, so that a schema does not see it. */
function refuseHidden(name: string, value: unknown): unknown {
  if (name === '__proto__') throw new Error(`${name} is not understood`);
  return value;
}

function toStatement(raw: RawStatement, source: string): Statement {
  return {
    effect: raw.Effect,
    actions: select(raw.Action, raw.NotAction, `Action of ${source}`),
    resources: select(raw.Resource, raw.NotResource, `Resource of ${source}`),
    conditions: Object.entries(raw.Condition ?? {}).flatMap(([operator, keys]) =>
      Object.entries(keys ?? {}).map(([name, values]) => ({
        operator,
        key: knownKey(name, source),
        values,
      })),
    ),
    principals: Array.isArray(raw.Principal) ? raw.Principal : raw.Principal && (raw.Principal.AWS ?? []),
  };
}

function select(
  patterns: readonly string[] | undefined,
  inverted: readonly string[] | undefined,
  what: string,
): Selection {
  if (patterns && !inverted) return { patterns, inverted: false };
  if (inverted && !patterns) return { patterns: inverted, inverted: true };
  throw new PolicyError(`${what} has to be said in one way`);
}

/** A key that is never in a request's context would make a condition hold, or fail, whatever the call. */
function knownKey(name: string, source: string): string {
  const key = name.toLowerCase();
  if ((CONDITION_KEYS as readonly string[]).includes(key)) return key;
  throw new PolicyError(`${source} has a condition on ${name}, which is not understood`);
}
