/**
 * CloudFormation's and EC2's calls, which are forms.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
 */
import { arnOf, type Call, type Mapping } from './call.ts';

/** The last part of a stack's ARN, which only CloudFormation knows for a stack that is named. */
const ANY_ID = '00000000-0000-0000-0000-000000000000';
/** What Lambda does with the role of a function in a VPC, all of it on `*` in a policy. */
const ON_INTERFACES = new Set([
  'AssignPrivateIpAddresses',
  'CreateNetworkInterface',
  'DeleteNetworkInterface',
  'DescribeNetworkInterfaces',
  'DescribeSubnets',
  'UnassignPrivateIpAddresses',
]);

export const mapCloudFormation: Mapping = (call) => {
  const fields = fieldsOf(call);
  const stack = fields.get('StackName');
  if (fields.get('Action') !== 'DescribeStacks' || stack === null) return undefined;
  const resource = stack.startsWith('arn:')
    ? stack
    : arnOf(call, 'cloudformation', `stack/${stack}/${ANY_ID}`);
  return [{ action: 'cloudformation:DescribeStacks', resource }];
};

export const mapEc2: Mapping = (call) => {
  const action = fieldsOf(call).get('Action') ?? '';
  return ON_INTERFACES.has(action) ? [{ action: `ec2:${action}`, resource: '*' }] : undefined;
};

function fieldsOf({ body, query }: Call): URLSearchParams {
  return body.length > 0 ? new URLSearchParams(body.toString()) : query;
}
