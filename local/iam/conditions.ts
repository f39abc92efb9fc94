/**
 * The condition operators that our templates use, and the keys that a call's context can have here.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
import { matchesArn, matchesText } from './wildcard.ts';

/** Key, in lower case → one value or several; a key that is not there has no value in this call. */
export type Context = Readonly<Partial<Record<ConditionKey, string | readonly string[]>>>;

export const CONDITION_KEYS = [
  'aws:securetransport',
  'aws:sourcevpce',
  'lambda:layer',
  'lambda:sourcefunctionarn',
  's3:prefix',
] as const;
export type ConditionKey = (typeof CONDITION_KEYS)[number];

type Compare = (wanted: string, found: string) => boolean;

const COMPARE = {
  ArnEquals: matchesArn,
  ArnLike: matchesArn,
  Bool: (wanted, found) => wanted.toLowerCase() === found.toLowerCase(),
  StringEquals: (wanted, found) => wanted === found,
  StringLike: matchesText,
} satisfies Record<string, Compare>;
type Comparison = keyof typeof COMPARE;

/** How several values of one key are taken together. */
const QUANTIFIERS = ['', 'ForAllValues:', 'ForAnyValue:'] as const;

export const OPERATORS = QUANTIFIERS.flatMap((quantifier) =>
  (Object.keys(COMPARE) as Comparison[]).map((name) => `${quantifier}${name}` as const),
);

/** @throws where the operator is none of {@link OPERATORS} */
export function conditionHolds(
  { operator, key, values }: { operator: string; key: string; values: readonly string[] },
  context: Context,
): boolean {
  const name = operator.slice(operator.indexOf(':') + 1);
  const compare: Compare | undefined = Object.hasOwn(COMPARE, name) ? COMPARE[name as Comparison] : undefined;
  if (!compare || !(OPERATORS as readonly string[]).includes(operator)) {
    throw new Error(`the condition operator ${operator} is not understood`);
  }
  const found = [context[key as ConditionKey] ?? []].flat();
  const holds = (value: string): boolean => values.some((wanted) => compare(wanted, value));
  // True of no values at all, on AWS too.
  if (operator.startsWith('ForAllValues:')) return found.every(holds);
  return found.some(holds);
}
