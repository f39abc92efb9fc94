import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conditionHolds, OPERATORS } from '../../../local/iam/conditions.ts';
import { PolicyError, parsePolicy } from '../../../local/iam/policy.ts';

const STATEMENT = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };
const parse = (statement: object, more: object = {}) =>
  parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statement, ...more }), 'role r');

describe('a policy document', () => {
  it('is read in the forms that IAM takes: one or several, and as its API encodes it', () => {
    const plain = JSON.stringify({ Version: '2012-10-17', Statement: [STATEMENT] });
    expect(parsePolicy(encodeURIComponent(plain), 'role r')).toEqual(parsePolicy(plain, 'role r'));
    expect(parse(STATEMENT)).toEqual(parse([{ ...STATEMENT, Action: ['s3:GetObject'], Resource: ['*'] }]));
  });

  it.each([
    ['an older version', STATEMENT, { Version: '2008-10-17' }],
    ['an element of its own', STATEMENT, { Statements: [] }],
    ['an element of a statement', { ...STATEMENT, NotPrincipal: '*' }],
    ['an effect', { ...STATEMENT, Effect: 'Maybe' }],
    ['an action and its opposite', { ...STATEMENT, NotAction: 's3:*' }],
    ['no resource', { Effect: 'Allow', Action: '*' }],
    ['a policy variable', { ...STATEMENT, Resource: `arn:aws:s3:::b/$${'{aws:username}'}/*` }],
    ['an account as principal', { ...STATEMENT, Principal: { AWS: '000000000000' } }],
    ['a federated principal', { ...STATEMENT, Principal: { Federated: 'x' } }],
    ['a condition key', { ...STATEMENT, Condition: { StringEquals: { 'aws:PrincipalTag/a': 'b' } } }],
    ['a condition operator', { ...STATEMENT, Condition: { NumericLessThan: { 's3:prefix': '1' } } }],
    [
      'an operator that is lenient',
      { ...STATEMENT, Condition: { StringLikeIfExists: { 's3:prefix': '1' } } },
    ],
  ] as [string, object, object?][])(
    'is refused for %s that is not understood, by name',
    (_, statement, more = {}) => {
      expect(() => parse(statement, more)).toThrow(PolicyError);
      expect(() => parse(statement, more)).toThrow(/role r/);
    },
  );

  it('is refused where it is no JSON', () => {
    expect(() => parsePolicy('{', 'role r')).toThrow(PolicyError);
    expect(() => parsePolicy('%', 'role r')).toThrow(PolicyError);
  });

  it('is refused for any operator that is not one of ours, whatever it denies', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (operator) => {
        fc.pre(!(OPERATORS as readonly string[]).includes(operator));
        const Condition = JSON.parse(`{${JSON.stringify(operator)}: {"s3:prefix": "a"}}`);
        expect(() => parse({ ...STATEMENT, Effect: 'Deny', Condition })).toThrow(PolicyError);
        expect(() => conditionHolds({ operator, key: 's3:prefix', values: ['a'] }, {})).toThrow(operator);
      }),
    );
  });
});
