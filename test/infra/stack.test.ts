import { Match, type Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clocksOf } from '../../infra/clocks.ts';
import { OUTPUTS } from '../../infra/names.ts';
import {
  allowedActions,
  createWorkspace,
  only,
  realStage,
  statementsOf,
  templateOf,
  templateText,
  type Workspace,
} from './support.ts';

const config = realStage({
  alarmEmail: 'me@example.com',
  monthlyBudgetDollars: 5,
  // A little over a day.
  limits: { fileLifetimeSeconds: 90_000 },
});
let workspace: Workspace;
let text: string;
let template: Template;

beforeAll(() => {
  workspace = createWorkspace();
  text = templateText(config, workspace);
  template = templateOf(text);
}, 60_000);
afterAll(() => workspace.remove());

const functionNamed = (name: string, properties: object) =>
  template.hasResourceProperties('AWS::Lambda::Function', {
    FunctionName: `slashbox-prod-${name}`,
    ...properties,
  });

describe('the executor', () => {
  test('has one execution environment a user', () => {
    functionNamed('executor', { TenancyConfig: { TenantIsolationMode: 'PER_TENANT' } });
  });

  test('has the memory, disk and time that its limits need', () => {
    functionNamed('executor', {
      Runtime: 'python3.13',
      Architectures: ['arm64'],
      Handler: 'handler.handler',
      MemorySize: 3008,
      EphemeralStorage: { Size: 4096 },
      Timeout: clocksOf(config.limits).executorSeconds,
    });
  });

  test('may write its log and lets Lambda make its network interfaces, and nothing else', () => {
    expect(allowedActions(template, 'ExecutorServiceRole')).toEqual([
      'ec2:AssignPrivateIpAddresses',
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:UnassignPrivateIpAddresses',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
    ]);
    const role = only(template, 'AWS::IAM::Role', 'ExecutorServiceRole');
    expect(Object.keys(role).sort()).toEqual(['AssumeRolePolicyDocument', 'Tags']);
  });

  test('denies code inside it everything but the log', () => {
    const denied = statementsOf(template, 'ExecutorServiceRole').filter(({ Effect }) => Effect === 'Deny');
    expect(denied).toEqual([
      {
        Sid: 'NothingForUserCode',
        Effect: 'Deny',
        NotAction: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: '*',
        Condition: { ArnEquals: { 'lambda:SourceFunctionArn': expect.anything() } },
      },
    ]);
    expect(JSON.stringify(denied)).toContain(':function:slashbox-prod-executor');
  });

  test('knows nothing that is worth reading', () => {
    const executor = only<{ Environment: { Variables: object } }>(
      template,
      'AWS::Lambda::Function',
      'Executor',
    );
    const { Variables } = executor.Environment;
    expect(Object.keys(Variables).sort()).toEqual(['SLASHBOX_PACKAGES_URL', 'SLASHBOX_PROFILE']);
    expect(Variables).toMatchObject({ SLASHBOX_PROFILE: 'lambda' });
  });

  test('takes its layer from the pointer at every deploy, and the template never writes the pointer', () => {
    const pointers = template.findParameters('*', { Default: '/slashbox/prod/environment/layer-arn' });
    expect(Object.values(pointers)).toMatchObject([{ Type: 'AWS::SSM::Parameter::Value<String>' }]);
    functionNamed('executor', { Layers: [{ Ref: Object.keys(pointers)[0] }] });
    template.resourceCountIs('AWS::SSM::Parameter', 0);
  });

  test('keeps its log for days only, as users write in it', () => {
    template.hasResourceProperties('AWS::Logs::LogGroup', {
      LogGroupName: '/aws/lambda/slashbox-prod-executor',
      RetentionInDays: 3,
    });
  });

  test('has a candidate of the same shape, with a role and a log of its own', () => {
    type Function = Readonly<Record<string, unknown>>;
    const [executor, candidate] = ['Executor', 'Candidate'].map((id) => {
      const { Description, FunctionName, LoggingConfig, Role, ...shape } = only<Function>(
        template,
        'AWS::Lambda::Function',
        id,
      );
      return { own: { Description, FunctionName, LoggingConfig, Role }, shape };
    });
    expect(candidate?.shape).toEqual(executor?.shape);
    for (const [key, value] of Object.entries(candidate?.own ?? {})) {
      expect([key, value]).not.toEqual([key, executor?.own[key as keyof typeof executor.own]]);
    }
    expect(allowedActions(template, 'CandidateServiceRole')).toEqual(
      allowedActions(template, 'ExecutorServiceRole'),
    );
    const [denied] = statementsOf(template, 'CandidateServiceRole').filter(({ Effect }) => Effect === 'Deny');
    expect(JSON.stringify(denied?.Condition)).toContain(':function:slashbox-prod-candidate');
  });

  test('leaves the concurrency that a stage reserves to users', () => {
    const reserving = templateOf(
      templateText(realStage({ executor: { reservedConcurrency: 5 } }), workspace),
    );
    const concurrency = (id: string) =>
      only(reserving, 'AWS::Lambda::Function', id).ReservedConcurrentExecutions;
    expect([concurrency('Executor'), concurrency('Candidate')]).toEqual([5, undefined]);
  });

  test('cannot be reached but by those who may invoke it', () => {
    template.resourceCountIs('AWS::Lambda::Url', 0);
    const invokersOf = (id: string) =>
      [
        'Interactions',
        'Worker',
        'Upkeep',
        'Executor',
        'Candidate',
        'RenewalRebuild',
        'RenewalPromote',
      ].filter((part) =>
        statementsOf(template, part)
          .filter(({ Action = [] }) => [Action].flat().includes('lambda:InvokeFunction'))
          .some(({ Resource }) => JSON.stringify(Resource).includes(id)),
      );
    expect(invokersOf('ExecutorService')).toEqual(['Worker', 'RenewalPromote']);
    expect(invokersOf('CandidateService')).toEqual(['RenewalPromote']);
  });
});

describe('the network of the executor', () => {
  test('has no way to the internet', () => {
    for (const way of [
      'InternetGateway',
      'NatGateway',
      'VPCGatewayAttachment',
      'EgressOnlyInternetGateway',
      'Route',
    ]) {
      template.resourceCountIs(`AWS::EC2::${way}`, 0);
    }
    template.allResourcesProperties('AWS::EC2::Subnet', { MapPublicIpOnLaunch: false });
  });

  test('lies in two zones, and the executor in both', () => {
    template.resourceCountIs('AWS::EC2::Subnet', 2);
    const { VpcConfig } = only(template, 'AWS::Lambda::Function', 'Executor');
    expect(VpcConfig).toMatchObject({ SubnetIds: { length: 2 } });
  });

  test('lets the executor talk to S3 over HTTPS and to nothing else', () => {
    expect(only(template, 'AWS::EC2::SecurityGroup')).toMatchObject({
      SecurityGroupEgress: [
        { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, DestinationPrefixListId: 'pl-6ea54007' },
      ],
    });
    // A group without inline rules gets EC2's own "everything may leave".
    template.resourceCountIs('AWS::EC2::SecurityGroupEgress', 0);
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
  });

  test('reaches exactly our buckets: reads of files and bundles, writes of produced files', () => {
    const { VpcEndpointType, RouteTableIds, PolicyDocument } = only<{
      VpcEndpointType: string;
      RouteTableIds: [];
      PolicyDocument: { Statement: { Action: string; Resource: unknown }[] };
    }>(template, 'AWS::EC2::VPCEndpoint');
    expect({ VpcEndpointType, routes: RouteTableIds }).toMatchObject({
      VpcEndpointType: 'Gateway',
      routes: { length: 2 },
    });
    const resources = (action: string) =>
      PolicyDocument.Statement.filter(({ Action }) => Action === action)
        .flatMap(({ Resource }) => Resource)
        .map((resource) => JSON.stringify(resource).match(/GetAtt":\["Storage([A-Z][a-z]+).*"(\/[\w/*]+)"/))
        .map((match) => `${match?.[1]}${match?.[2]}`)
        .sort();
    expect(PolicyDocument.Statement.map(({ Action }) => Action).sort()).toEqual([
      's3:GetObject',
      's3:PutObject',
    ]);
    expect(resources('s3:GetObject')).toEqual([
      'Files/files/*',
      'Files/outputs/*',
      'Packages/bundles/*',
      'Packages/environments/*/bundles/*',
    ]);
    expect(resources('s3:PutObject')).toEqual(['Files/outputs/*']);
  });

  test('resolves the names of our buckets and no other', () => {
    template.hasResourceProperties('AWS::Route53Resolver::FirewallDomainList', { Domains: ['*'] });
    template.hasResourceProperties('AWS::Route53Resolver::FirewallRuleGroup', {
      FirewallRules: [
        { Priority: 10, Action: 'ALLOW', FirewallDomainRedirectionAction: 'TRUST_REDIRECTION_DOMAIN' },
        { Priority: 20, Action: 'BLOCK', BlockResponse: 'NXDOMAIN' },
      ].map((rule) => Match.objectLike(rule)),
    });
    template.resourceCountIs('AWS::Route53Resolver::FirewallRuleGroupAssociation', 1);
  });
});

describe('storage', () => {
  test('is private, encrypted and spoken to over TLS only', () => {
    template.resourceCountIs('AWS::S3::Bucket', 2);
    template.allResourcesProperties('AWS::S3::Bucket', {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: { ServerSideEncryptionConfiguration: [Match.objectLike({})] },
    });
    for (const bucket of ['StorageFiles', 'StoragePackages']) {
      expect(JSON.stringify(only(template, 'AWS::S3::BucketPolicy', bucket))).toContain(
        '"Condition":{"Bool":{"aws:SecureTransport":"false"}},"Effect":"Deny"',
      );
    }
  });

  test('forgets files after their lifetime, rounded up to days, and half-done uploads after one', () => {
    const { LifecycleConfiguration } = only(template, 'AWS::S3::Bucket', 'StorageFiles');
    expect(LifecycleConfiguration).toMatchObject({
      Rules: [
        { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 }, Status: 'Enabled' },
        { Prefix: 'files/', ExpirationInDays: 2, Status: 'Enabled' },
        { Prefix: 'outputs/', ExpirationInDays: 2, Status: 'Enabled' },
      ],
    });
  });

  test('keeps no second copy of what was promised to go', () => {
    template.allResourcesProperties('AWS::S3::Bucket', { VersioningConfiguration: Match.absent() });
    expect(text).not.toContain('PointInTimeRecoveryEnabled');
  });

  test('gives bundles without credentials to the executor alone', () => {
    const { PolicyDocument } = only<{
      PolicyDocument: {
        Statement: { Effect: string; Action: string; Condition: object; Resource: unknown }[];
      };
    }>(template, 'AWS::S3::BucketPolicy', 'StoragePackages');
    const allowed = PolicyDocument.Statement.filter(({ Effect }) => Effect === 'Allow');
    expect(allowed.flatMap(({ Resource }) => Resource).map(arnOf)).toEqual([
      '{StoragePackages}/bundles/*',
      '{StoragePackages}/environments/*/bundles/*',
    ]);
    expect(allowed).toMatchObject([
      {
        Action: 's3:GetObject',
        Condition: { StringEquals: { 'aws:SourceVpce': { Ref: expect.any(String) } } },
      },
    ]);
    const filesPolicy = JSON.stringify(only(template, 'AWS::S3::BucketPolicy', 'StorageFiles'));
    expect(filesPolicy).not.toContain('"Allow"');
  });

  test('has the table and the index that the functions expect', () => {
    expect(only(template, 'AWS::DynamoDB::GlobalTable')).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      AttributeDefinitions: expect.arrayContaining([
        { AttributeName: 'dueHour', AttributeType: 'S' },
        { AttributeName: 'dueAt', AttributeType: 'N' },
      ]),
      GlobalSecondaryIndexes: [
        {
          IndexName: 'due',
          KeySchema: [
            { AttributeName: 'dueHour', KeyType: 'HASH' },
            { AttributeName: 'dueAt', KeyType: 'RANGE' },
          ],
        },
      ],
    });
  });

  test('has no second copy of code and tokens in the index', () => {
    const { GlobalSecondaryIndexes } = only(template, 'AWS::DynamoDB::GlobalTable');
    expect(JSON.stringify(GlobalSecondaryIndexes)).not.toMatch(/ALL|"interaction"/);
  });
});

describe('the endpoint', () => {
  test('is one route, throttled and logged', () => {
    expect(only(template, 'AWS::ApiGatewayV2::Route')).toMatchObject({ RouteKey: 'POST /interactions' });
    expect(only(template, 'AWS::ApiGatewayV2::Stage')).toMatchObject({
      StageName: '$default',
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 20, ThrottlingBurstLimit: 40 },
      AccessLogSettings: { DestinationArn: expect.anything() },
    });
  });

  test('has a function with the speed and the settings that three seconds need', () => {
    functionNamed('interactions', {
      Runtime: 'nodejs24.x',
      MemorySize: 1024,
      Timeout: 10,
      Environment: {
        Variables: Match.objectLike({
          DISCORD_PUBLIC_KEY: 'ab'.repeat(32),
          DISCORD_APPLICATION_ID: '1234567890123456789',
          SLASHBOX_TIME_LIMIT_S: '300',
          SLASHBOX_TABLE: Match.anyValue(),
        }),
      },
    });
  });

  test('invokes the worker without a qualifier, to which its asynchronous settings belong', () => {
    const { Environment } = only(template, 'AWS::Lambda::Function', 'InteractionsService');
    const worker = Object.keys(
      template.findResources('AWS::Lambda::Function', { Properties: { Timeout: 510 } }),
    )[0];
    expect(Environment).toMatchObject({ Variables: { SLASHBOX_WORKER: { Ref: worker } } });
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: worker },
      Qualifier: '$LATEST',
    });
    template.resourceCountIs('AWS::Lambda::Alias', 0);
    template.resourceCountIs('AWS::Lambda::Version', 0);
  });

  test('may record a run and start the worker, and nothing else', () => {
    expect(allowedActions(template, 'InteractionsServiceRole')).toEqual([
      'dynamodb:PutItem',
      'lambda:InvokeFunction',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
    ]);
  });
});

describe('the worker', () => {
  test('is tried once, within two minutes, and its failures are queued', () => {
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: Match.stringLikeRegexp('^WorkerService') },
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 120,
      DestinationConfig: {
        OnFailure: { Destination: { 'Fn::GetAtt': [Match.stringLikeRegexp('^WorkerFailed'), 'Arn'] } },
      },
    });
    functionNamed('worker', { MemorySize: 512, Timeout: 510 });
  });

  test('has a failure function that reads the queue, three times at most', () => {
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      EventSourceArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^WorkerFailed'), 'Arn'] },
      FunctionName: { Ref: Match.stringLikeRegexp('^WorkerFailuresFunction') },
    });
    template.hasResourceProperties('AWS::SQS::Queue', {
      RedrivePolicy: { maxReceiveCount: 3 },
      VisibilityTimeout: 360,
    });
    template.allResourcesProperties('AWS::SQS::Queue', { SqsManagedSseEnabled: true });
  });

  test('reaches files of users only, and the executor', () => {
    expect(
      allowedActions(template, 'WorkerServiceRole').filter((action) => !/^(logs|sqs):/.test(action)),
    ).toEqual([
      'dynamodb:DeleteItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
      'dynamodb:UpdateItem',
      'lambda:InvokeFunction',
      's3:DeleteObject',
      's3:GetObject',
      's3:ListBucket',
      's3:PutObject',
    ]);
    const objects = statementsOf(template, 'WorkerServiceRole').filter(({ Action }) =>
      [Action].flat().includes('s3:GetObject'),
    );
    expect(JSON.stringify(objects)).not.toContain('StoragePackages');
  });
});

describe('upkeep', () => {
  test('cleans up every hour, renews the environment every week and reports its age every day', () => {
    const schedule = (name: string, expression: string, event: object = {}) =>
      template.hasResourceProperties('AWS::Scheduler::Schedule', {
        Name: `slashbox-prod-${name}`,
        ScheduleExpression: expression,
        State: Match.absent(),
        Target: Match.objectLike({ RoleArn: Match.anyValue(), Input: JSON.stringify(event) }),
      });
    schedule('cleanup', 'rate(1 hour)');
    schedule('rebuild', 'cron(0 4 ? * MON *)');
    schedule('rebuild-age', 'rate(1 day)', { age_only: true });
  });

  test('lets the scheduler invoke exactly these, for this account', () => {
    for (const role of ['UpkeepHourlyRole', 'RenewalWeeklyRole', 'RenewalDailyRole']) {
      expect(allowedActions(template, role)).toEqual(['lambda:InvokeFunction']);
      expect(JSON.stringify(only(template, 'AWS::IAM::Role', role))).toContain('"aws:SourceAccount"');
    }
  });

  test('lets clean-up delete files and records, and list only what runs produced', () => {
    expect(
      allowedActions(template, 'UpkeepCleanupRole').filter((action) => !action.startsWith('logs:')),
    ).toEqual([
      'dynamodb:DeleteItem',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
      's3:DeleteObject',
      's3:ListBucket',
    ]);
    const [list] = statementsOf(template, 'UpkeepCleanupRole').filter(
      ({ Action }) => Action === 's3:ListBucket',
    );
    expect(list?.Condition).toEqual({ StringLike: { 's3:prefix': 'outputs/*' } });
  });
});

describe('the renewal of the package environment', () => {
  const rights = (role: string) =>
    statementsOf(template, role)
      .filter(({ Action = [] }) => ![Action].flat().some((action) => action.startsWith('logs:')))
      .map(({ Action = [], Resource }) => [
        [Action].flat().join(' '),
        [Resource].flat().map(arnOf).join(' '),
      ]);

  test('gives the rebuild its own prefixes, a look at what is in force, and itself', () => {
    expect(rights('RenewalRebuildRole')).toEqual([
      ['s3:GetObject s3:PutObject', '{StoragePackages}/bundles/* {StoragePackages}/environments/*'],
      ['s3:ListBucket', '{StoragePackages}'],
      ['ssm:GetParameter', 'arn:aws:ssm:parameter/slashbox/prod/environment/layer-arn'],
      ['lambda:GetLayerVersion', 'arn:aws:lambda:layer:slashbox-prod-environment:*'],
      ['lambda:InvokeFunction', 'arn:aws:lambda:function:slashbox-prod-rebuild'],
    ]);
  });

  test('gives the promotion two functions, one layer, one pointer, and what it removes', () => {
    const functions = '{CandidateServiceFunction} {ExecutorServiceFunction}';
    expect(rights('RenewalPromoteRole')).toEqual([
      ['s3:DeleteObject s3:GetObject', '{StoragePackages}/environments/*'],
      ['s3:DeleteObject', '{StoragePackages}/bundles/*'],
      [
        's3:PutObject',
        '{StoragePackages}/environments/*/refused.json {StoragePackages}/environments/collection.txt',
      ],
      ['s3:ListBucket', '{StoragePackages}'],
      [
        'lambda:ListLayerVersions lambda:PublishLayerVersion',
        'arn:aws:lambda:layer:slashbox-prod-environment',
      ],
      [
        'lambda:DeleteLayerVersion lambda:GetLayerVersion',
        'arn:aws:lambda:layer:slashbox-prod-environment:*',
      ],
      ['lambda:GetFunctionConfiguration lambda:InvokeFunction', functions],
      ['lambda:UpdateFunctionConfiguration', functions],
      [
        'ssm:GetParameterHistory ssm:PutParameter',
        'arn:aws:ssm:parameter/slashbox/prod/environment/layer-arn',
      ],
      ['cloudformation:DescribeStacks', 'arn:aws:cloudformation:stack/slashbox-prod/*'],
    ]);
    expect(allowedActions(template, 'RenewalPromoteRole')).not.toContain('iam:PassRole');
  });

  test('lets the promotion give the two functions no layer but ours', () => {
    const [update] = statementsOf(template, 'RenewalPromoteRole').filter(
      ({ Action }) => Action === 'lambda:UpdateFunctionConfiguration',
    );
    const condition = update?.Condition as { 'ForAllValues:StringLike': { 'lambda:Layer': unknown } };
    expect(Object.keys(condition)).toEqual(['ForAllValues:StringLike']);
    expect(arnOf(condition['ForAllValues:StringLike']['lambda:Layer'])).toBe(
      'arn:aws:lambda:layer:slashbox-prod-environment:*',
    );
  });

  test('starts a promotion by the arrival of a finished manifest, and by nothing else', () => {
    expect(only(template, 'AWS::Events::Rule')).toMatchObject({
      EventPattern: {
        source: ['aws.s3'],
        'detail-type': ['Object Created'],
        detail: {
          bucket: { name: [{ Ref: expect.stringMatching(/^StoragePackages/) }] },
          object: { key: [{ suffix: '/manifest.json' }] },
        },
      },
      Targets: [{ Arn: { 'Fn::GetAtt': [expect.stringMatching(/^RenewalPromote/), 'Arn'] } }],
    });
    expect(only(template, 'AWS::S3::Bucket', 'StoragePackages')).toMatchObject({
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
    });
  });

  test('gives the rebuild the memory, disk and time of the largest build, and uv', () => {
    functionNamed('rebuild', {
      Runtime: 'python3.13',
      MemorySize: 3008,
      Timeout: 900,
      EphemeralStorage: { Size: 10_240 },
      Layers: [{ Ref: Match.stringLikeRegexp('^RenewalUv') }],
    });
    functionNamed('promote', { Runtime: 'nodejs24.x', Timeout: 900 });
  });
});

/** An ARN as one reads it: without region and account, and `{…}` for a resource of the stack. */
function arnOf(value: unknown): string {
  if (typeof value === 'string') return value.replace(':eu-central-1:', ':');
  if (typeof value !== 'object' || value === null) return '';
  if ('Ref' in value) return String(value.Ref).startsWith('AWS::') ? '' : `{${value.Ref}}`;
  if ('Fn::GetAtt' in value) {
    const [id] = value['Fn::GetAtt'] as string[];
    return `{${id?.replace(/[0-9A-F]{8}$/, '')}}`;
  }
  const [separator, parts] = (value as { 'Fn::Join': [string, unknown[]] })['Fn::Join'];
  return parts
    .map(arnOf)
    .join(separator)
    .replace(/^arn:+/, 'arn:')
    .replace(/:{2,}/g, ':');
}

describe('what the operator hears', () => {
  test('is an alarm for everything that a user would notice, by mail', () => {
    const alarms = Object.keys(template.findResources('AWS::CloudWatch::Alarm')).join(' ');
    for (const alarm of [
      'LostRuns',
      'WorkerErrors',
      'ExecutorErrors',
      'ExecutorThrottled',
      'SlowAnswers',
      'CleanupErrors',
      'RebuildErrors',
      'RolloutFailed',
      'EnvironmentOld',
    ]) {
      expect(alarms).toContain(`Monitoring${alarm}`);
    }
    template.allResourcesProperties('AWS::CloudWatch::Alarm', {
      AlarmActions: [{ Ref: Match.anyValue() }],
      TreatMissingData: 'notBreaching',
    });
    template.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: 'me@example.com',
    });
    template.resourceCountIs('AWS::CloudWatch::Dashboard', 1);
    template.hasResourceProperties('AWS::Budgets::Budget', {
      Budget: { BudgetLimit: { Amount: 5, Unit: 'USD' } },
    });
  });

  test('includes an environment that nobody has renewed for nine days, looked at every day', () => {
    expect(only(template, 'AWS::CloudWatch::Alarm', 'MonitoringEnvironmentOld')).toMatchObject({
      Namespace: 'Slashbox',
      MetricName: 'EnvironmentAgeDays',
      Dimensions: [{ Name: 'FunctionName', Value: 'slashbox-prod-rebuild' }],
      Statistic: 'Maximum',
      Period: 86_400,
      Threshold: 9,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    });
  });

  test('includes answers slower than two seconds, cold starts with them', () => {
    expect(only(template, 'AWS::CloudWatch::Alarm', 'MonitoringSlowAnswers')).toMatchObject({
      Namespace: 'AWS/ApiGateway',
      MetricName: 'Latency',
      ExtendedStatistic: 'p99',
      Threshold: 2000,
    });
  });
});

describe('the whole template', () => {
  test('has the outputs that the commands read', () => {
    expect(Object.keys(template.toJSON().Outputs).sort()).toEqual([...OUTPUTS].sort());
  });

  test('has nothing local in it', () => {
    expect(text).not.toMatch(
      /localhost|127\.0\.0\.1|AWS_ENDPOINT_URL|PATH_STYLE|DISCORD_API_BASE|DISCORD_CDN_HOSTS/,
    );
    expect(text).not.toMatch(/placeholder|example\.org|"test"/i);
  });

  test('is ASCII, as CloudFormation turns anything else into question marks', () => {
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
  });

  test('needs no look-up and no account, so that it is the same for everybody', () => {
    expect(text).not.toContain(workspace.dir);
    expect(text).toContain('Fn::GetAZs');
  });

  test('gives every function a role of its own that names resources', () => {
    const roles = Object.values(template.findResources('AWS::Lambda::Function')).map(({ Properties }) =>
      JSON.stringify(Properties.Role),
    );
    expect(new Set(roles).size).toBe(8);
    expect(text).not.toContain('arn:aws:iam::aws:policy');
    for (const part of ['Interactions', 'Worker', 'Upkeep', 'Renewal']) {
      for (const { Resource } of statementsOf(template, part)) expect(Resource).not.toBe('*');
    }
  });

  test('keeps every log for a set time and removes it with the stack', () => {
    template.allResources('AWS::Logs::LogGroup', {
      DeletionPolicy: 'Delete',
      Properties: { RetentionInDays: Match.anyValue() },
    });
    template.allResourcesProperties('AWS::Lambda::Function', { LoggingConfig: { LogFormat: 'JSON' } });
  });
});
