/**
 * DynamoDB's and SSM's calls, whose names stand in a header.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
 */
import type { Permission } from '../evaluate.ts';
import { arnOf, type Call, jsonOf, type Mapping } from './call.ts';

const ON_ITEMS = new Set(['DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem']);
/** A transaction is no action of its own: each of its items is. */
const IN_TRANSACTIONS: Readonly<Record<string, string>> = {
  ConditionCheck: 'ConditionCheckItem',
  Delete: 'DeleteItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
};
const ON_PARAMETERS = new Set(['GetParameter', 'GetParameterHistory', 'PutParameter']);

export const mapDynamoDb: Mapping = (call) => {
  const operation = operationOf(call, 'DynamoDB_20120810');
  const request = jsonOf(call);
  if (operation === undefined || !request) return undefined;
  if (operation === 'TransactWriteItems') return mapTransaction(call, request.TransactItems);
  const { TableName: table, IndexName: index } = request;
  if (!ON_ITEMS.has(operation) || typeof table !== 'string') return undefined;
  const arn = tableArn(call, table);
  const resource = typeof index === 'string' ? `${arn}/index/${index}` : arn;
  return [{ action: `dynamodb:${operation}`, resource }];
};

function mapTransaction(call: Call, items: unknown): Permission[] | undefined {
  if (!Array.isArray(items) || items.length === 0) return undefined;
  const permissions: Permission[] = [];
  for (const item of items) {
    const members = Object.entries((item ?? {}) as Record<string, { readonly TableName?: unknown }>);
    for (const [member, part] of members) {
      const operation = IN_TRANSACTIONS[member];
      if (operation === undefined || typeof part?.TableName !== 'string') return undefined;
      permissions.push({ action: `dynamodb:${operation}`, resource: tableArn(call, part.TableName) });
    }
  }
  return permissions;
}

export const mapSsm: Mapping = (call) => {
  const operation = operationOf(call, 'AmazonSSM');
  const { Name: name, Tags: tags } = jsonOf(call) ?? {};
  if (operation === undefined || !ON_PARAMETERS.has(operation) || tags !== undefined) return undefined;
  if (typeof name !== 'string' || name.startsWith('arn:')) return undefined;
  return [
    { action: `ssm:${operation}`, resource: arnOf(call, 'ssm', `parameter/${name.replace(/^\//, '')}`) },
  ];
};

function operationOf({ headers }: Call, prefix: string): string | undefined {
  const [found, operation] = String(headers['x-amz-target'] ?? '').split('.');
  return found === prefix ? operation : undefined;
}

function tableArn(call: Call, table: string): string {
  return table.startsWith('arn:') ? table : arnOf(call, 'dynamodb', `table/${table}`);
}
