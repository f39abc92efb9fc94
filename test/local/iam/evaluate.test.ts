import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, type Permission, type Principal } from '../../../local/iam/evaluate.ts';
import { parsePolicy, type Statement } from '../../../local/iam/policy.ts';

const ROLE: Principal = {
  arn: 'arn:aws:sts::000000000000:assumed-role/worker-role/worker',
  roleArn: 'arn:aws:iam::000000000000:role/worker-role',
};
const KEY = 'arn:aws:s3:::files/files/1';
const READ: Permission = { action: 's3:GetObject', resource: KEY };

const policy = (...Statement: object[]): Statement[] =>
  parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement }), 'a test');
const allow = (more: object = {}) => ({ Effect: 'Allow', Action: 's3:GetObject', Resource: KEY, ...more });
const deny = (more: object = {}) => ({ ...allow(more), Effect: 'Deny' });
const byRole = (permission: Permission, ...statements: object[]) =>
  decide(permission, ROLE, { identity: policy(...statements), resource: [] });

describe('a role’s policies', () => {
  it('allow nothing by themselves', () => {
    expect(byRole(READ)).toBe('not allowed');
  });

  it('allow what a statement selects: its actions on its resources', () => {
    expect(byRole(READ, allow())).toBe('allowed');
    expect(byRole({ ...READ, action: 's3:PutObject' }, allow())).toBe('not allowed');
    expect(byRole({ ...READ, resource: `${KEY}2` }, allow())).toBe('not allowed');
    expect(byRole(READ, allow({ Action: ['s3:PutObject', 's3:Get*'], Resource: ['x', '*'] }))).toBe(
      'allowed',
    );
  });

  it('select everything but what NotAction and NotResource name', () => {
    const { Action: _, ...rest } = allow();
    expect(byRole(READ, { ...rest, NotAction: ['s3:Put*'] })).toBe('allowed');
    expect(byRole(READ, { ...rest, NotAction: ['s3:*'] })).toBe('not allowed');
    const { Resource: __, ...elsewhere } = allow();
    expect(byRole(READ, { ...elsewhere, NotResource: 'arn:aws:s3:::other/*' })).toBe('allowed');
    expect(byRole(READ, { ...elsewhere, NotResource: 'arn:aws:s3:::files/*' })).toBe('not allowed');
  });

  it('deny, whatever else is allowed and in whichever order', () => {
    expect(byRole(READ, allow(), deny())).toBe('denied by the role');
    expect(byRole(READ, deny({ Action: '*', Resource: '*' }), allow())).toBe('denied by the role');
  });
});

describe('conditions', () => {
  const source = (arn: string): Permission => ({ ...READ, context: { 'lambda:sourcefunctionarn': arn } });
  const ours = 'arn:aws:lambda:us-east-1:000000000000:function:executor';

  it('have to hold, all of them', () => {
    const both = {
      ArnEquals: { 'lambda:SourceFunctionArn': ours },
      StringLike: { 's3:prefix': 'outputs/*' },
    };
    const statement = allow({ Condition: both });
    expect(byRole(source(ours), statement)).toBe('not allowed');
    const context = { 'lambda:sourcefunctionarn': ours, 's3:prefix': 'outputs/1' };
    expect(byRole({ ...READ, context }, statement)).toBe('allowed');
    expect(byRole({ ...READ, context: { ...context, 's3:prefix': 'files/' } }, statement)).toBe(
      'not allowed',
    );
  });

  it('do not hold of a key that is not there', () => {
    expect(byRole(READ, allow({ Condition: { StringLike: { 's3:prefix': '*' } } }))).toBe('not allowed');
  });

  it('hold of a call from the function’s own code, and of no other', () => {
    const statement = deny({ Condition: { ArnEquals: { 'lambda:SourceFunctionArn': ours } } });
    expect(byRole(source(ours), allow(), statement)).toBe('denied by the role');
    expect(byRole(READ, allow(), statement)).toBe('allowed');
    expect(byRole(source(`${ours}2`), allow(), statement)).toBe('allowed');
  });

  it('compare every value with ForAllValues, which holds of none, and one with ForAnyValue', () => {
    const layers = (...values: string[]): Permission => ({ ...READ, context: { 'lambda:layer': values } });
    const all = allow({ Condition: { 'ForAllValues:StringLike': { 'lambda:Layer': ['ours:*'] } } });
    expect(byRole(layers('ours:1', 'ours:2'), all)).toBe('allowed');
    expect(byRole(layers('ours:1', 'theirs:1'), all)).toBe('not allowed');
    expect(byRole(READ, all)).toBe('allowed');
    const any = allow({ Condition: { 'ForAnyValue:StringLike': { 'lambda:Layer': ['ours:*'] } } });
    expect(byRole(layers('ours:1', 'theirs:1'), any)).toBe('allowed');
    expect(byRole(READ, any)).toBe('not allowed');
  });

  it('compare truth in either form', () => {
    const statement = deny({ Condition: { Bool: { 'aws:SecureTransport': false } } });
    const plain: Permission = { ...READ, context: { 'aws:securetransport': 'false' } };
    expect(byRole(plain, allow(), statement)).toBe('denied by the role');
  });
});

describe('a resource’s policy', () => {
  const inBucket = (principal: Principal | undefined, identity: object[], ...resource: object[]) =>
    decide(READ, principal, { identity: policy(...identity), resource: policy(...resource) });
  const anyone = { Principal: '*' };

  it('allows whom it names, without credentials too', () => {
    expect(inBucket(undefined, [], allow(anyone))).toBe('allowed');
    expect(inBucket(undefined, [], allow({ Principal: { AWS: '*' } }))).toBe('allowed');
    expect(inBucket(ROLE, [], allow({ Principal: { AWS: ROLE.roleArn } }))).toBe('allowed');
    expect(inBucket(undefined, [], allow({ Principal: { AWS: ROLE.roleArn } }))).toBe('not allowed');
    expect(inBucket(ROLE, [], allow({ Principal: { Service: 'lambda.amazonaws.com' } }))).toBe('not allowed');
  });

  it('denies what the role allows', () => {
    expect(inBucket(ROLE, [allow()], deny(anyone))).toBe('denied by the resource');
  });

  it('is not asked what a role allows where there are no credentials', () => {
    expect(inBucket(undefined, [allow()])).toBe('not allowed');
  });
});

describe('whatever the policies', () => {
  const some = <Value>(...values: Value[]) => fc.uniqueArray(fc.constantFrom(...values), { minLength: 1 });
  const statement = fc.record<{ Effect: string; Action: string[]; Resource: string[] }>({
    Effect: fc.constantFrom('Allow', 'Deny'),
    Action: some('s3:GetObject', 's3:*', 's3:Put?bject', 'dynamodb:Query', '*'),
    Resource: some(KEY, 'arn:aws:s3:::files/*', 'arn:aws:s3:::other', '*'),
  });
  const permission = fc.record({
    action: fc.constantFrom('s3:GetObject', 's3:PutObject', 'dynamodb:Query'),
    resource: fc.constantFrom(KEY, 'arn:aws:s3:::other', 'arn:aws:s3:::files/'),
  });

  it('a denial wins, in the role’s or the resource’s', () => {
    fc.assert(
      fc.property(fc.array(statement), permission, fc.nat(), fc.boolean(), (given, wanted, at, own) => {
        const denied = { Effect: 'Deny', Action: [wanted.action], Resource: ['*'] };
        const some = policy(...given.toSpliced(at % (given.length + 1), 0, denied));
        const others = policy(allow({ Action: '*', Resource: '*', Principal: '*' }));
        const named = some.map((one) => ({ ...one, principals: ['*'] }));
        const policies = own ? { identity: some, resource: others } : { identity: others, resource: named };
        expect(decide(wanted, ROLE, policies)).toBe(own ? 'denied by the role' : 'denied by the resource');
      }),
    );
  });

  it('taking statements that allow away never allows more', () => {
    fc.assert(
      fc.property(fc.array(statement), permission, fc.nat(), (given, wanted, at) => {
        const fewer = given.filter(
          ({ Effect }, index) => Effect === 'Deny' || index !== at % (given.length + 1),
        );
        const before = decide(wanted, ROLE, { identity: policy(...given), resource: [] });
        const after = decide(wanted, ROLE, { identity: policy(...fewer), resource: [] });
        if (after === 'allowed') expect(before).toBe('allowed');
      }),
    );
  });
});
