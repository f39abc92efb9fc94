import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { synthesise } from '../../infra/synthesise.ts';
import {
  createWorkspace,
  embeddedStage,
  only,
  realStage,
  templateOf,
  templateText,
  type Workspace,
} from './support.ts';

let workspace: Workspace;
let local: Template;
let real: Template;

beforeAll(() => {
  workspace = createWorkspace();
  local = templateOf(templateText(embeddedStage(), workspace));
  real = templateOf(
    templateText(realStage({ alarmEmail: 'me@example.com', monthlyBudgetDollars: 5 }), workspace),
  );
}, 60_000);
afterAll(() => workspace.remove());

const typesOf = (template: Template): string[] => {
  const resources = Object.values(template.toJSON().Resources) as { Type: string }[];
  return [...new Set(resources.map(({ Type }) => Type))].sort();
};

describe('the stage of npm start', () => {
  test('is the same stack without what the embedded AWS does not know', () => {
    const left = typesOf(real).filter((type) => !typesOf(local).includes(type));
    expect(left).toEqual([
      'AWS::Budgets::Budget',
      // uv for the rebuild, which is on this machine already.
      'AWS::Lambda::LayerVersion',
      'AWS::Route53Resolver::FirewallDomainList',
      'AWS::Route53Resolver::FirewallRuleGroup',
      'AWS::Route53Resolver::FirewallRuleGroupAssociation',
      'AWS::SNS::Subscription',
      // These two only enforce TLS.
      'AWS::SNS::TopicPolicy',
      'AWS::SQS::QueuePolicy',
    ]);
    expect(typesOf(local).filter((type) => !typesOf(real).includes(type))).toEqual([]);
  });

  test('has no custom resource, which would wait for a runtime that is not there', () => {
    expect(typesOf(local).filter((type) => type.startsWith('Custom::'))).toEqual([]);
    local.resourceCountIs('AWS::Lambda::Function', 8);
  });

  test('speaks plain http to buckets and queues on loopback', () => {
    expect(JSON.stringify(local)).not.toContain('aws:SecureTransport');
  });

  test('has the worker address files by path, and Discord as it is told', () => {
    for (const name of ['worker', 'failures']) {
      local.hasResourceProperties('AWS::Lambda::Function', {
        FunctionName: `slashbox-local-${name}`,
        Environment: {
          Variables: Match.objectLike({
            AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
            SLASHBOX_S3_PATH_STYLE: 'true',
            DISCORD_API_BASE: 'http://127.0.0.1:8787/api',
            DISCORD_CDN_HOSTS: '127.0.0.1:8787',
          }),
        },
      });
    }
  });

  test('sends every function the same way to the embedded AWS', () => {
    local.allResourcesProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' }) },
    });
  });

  test.each(['Executor', 'Candidate'])(
    'lets the %s read the embedded bucket through the VPC endpoint, with the Python at hand',
    (id) => {
      const runner = only(local, 'AWS::Lambda::Function', id);
      expect(runner).toMatchObject({ Runtime: 'python3.12', Architectures: ['x86_64'] });
      expect(JSON.stringify(runner)).toContain('http://127.0.0.1:4999/');
    },
  );

  test('tells the executor, and nothing else, who builds what a run is the first to need', () => {
    const told = Object.entries(local.findResources('AWS::Lambda::Function'))
      .filter(([, { Properties }]) => Properties.Environment?.Variables?.SLASHBOX_FIRST_USE_URL)
      .map(([, { Properties }]) => [
        Properties.FunctionName,
        Properties.Environment.Variables.SLASHBOX_FIRST_USE_URL,
      ]);
    expect(told).toEqual([['slashbox-local-executor', 'http://127.0.0.1:4998']]);
    expect(templateText(realStage(), workspace)).not.toContain('SLASHBOX_FIRST_USE_URL');
  });

  test('renews whatever packages it is asked for, by its own uv', () => {
    expect(only(local, 'AWS::Lambda::Function', 'RenewalRebuild')).toMatchObject({
      Environment: { Variables: { SLASHBOX_UV: '/usr/bin/uv' } },
    });
    expect(only(local, 'AWS::Lambda::Function', 'RenewalPromote')).toMatchObject({
      Environment: {
        Variables: {
          SLASHBOX_ENVIRONMENT_CONTENT: 'some',
        },
      },
    });
  });

  test('keeps Discord as it is where nothing else is set', () => {
    const { local: settings, ...stage } = embeddedStage();
    const plain = {
      endpoint: 'http://127.0.0.1:1',
      vpcEndpoint: 'http://127.0.0.1:2',
      assetBucket: 'assets',
      uv: '/usr/bin/uv',
    };
    expect(settings).toBeDefined();
    expect(templateText({ ...stage, local: plain }, workspace)).not.toContain('DISCORD_API_BASE');
  });

  test('takes a disk limit that is larger than any Lambda has', () => {
    const executor = { memoryMegabytes: 3_008, storageMegabytes: 16_384 };
    expect(() => templateText(embeddedStage({ executor }), workspace)).not.toThrow();
  });

  test('needs no bootstrap and no look-up of zones', () => {
    const text = JSON.stringify(local);
    expect(text).not.toContain('cdk-bootstrap');
    expect(text).not.toContain('Fn::GetAZs');
    expect(text).toContain('"S3Bucket":"slashbox-assets"');
  });
});

describe('synthesis', () => {
  test('puts everything that a deployer needs into the folder it was given', () => {
    const assembly = synthesise(embeddedStage(), join(workspace.dir, 'out'), workspace);
    const assets = JSON.parse(readFileSync(join(assembly, 'slashbox-local.assets.json'), 'utf8'));
    const destinations = Object.values(assets.files) as { destinations: object }[];
    // Seven functions' code, as the candidate has the executor's, and the template.
    expect(destinations).toHaveLength(8);
    expect(JSON.stringify(destinations)).not.toContain('assumeRoleArn');
  });

  test('gives equal templates for equal stages', () => {
    expect(templateText(realStage(), workspace)).toBe(templateText(realStage(), workspace));
  });

  test('says how to make the bundles where they are missing', () => {
    const functionsDir = join(workspace.dir, 'nowhere');
    expect(() => synthesise(realStage(), join(workspace.dir, 'none'), { functionsDir })).toThrow(
      /no bundle of interactions, worker, failures, cleanup, executor, rebuild, promote, uv-arm64, executor-arm64 .* scripts\/bundle\.ts/,
    );
  });

  test('does not let a stage that is complete be deleted by accident', () => {
    const assembly = synthesise(realStage(), join(workspace.dir, 'real'), workspace);
    const manifest = JSON.parse(readFileSync(join(assembly, 'manifest.json'), 'utf8'));
    expect(manifest.artifacts['slashbox-prod'].properties.terminationProtection).toBe(true);
  });
});

describe('cdk.json', () => {
  const cdk = JSON.parse(readFileSync('cdk.json', 'utf8'));

  test('turns on every flag that CDK recommends, so that no behaviour is an old one', () => {
    const recommended = JSON.parse(
      readFileSync('node_modules/aws-cdk-lib/recommended-feature-flags.json', 'utf8'),
    );
    expect(cdk.context).toEqual(recommended);
  });

  test('bundles before it runs the app', () => {
    expect(cdk).toMatchObject({
      app: 'node --import tsx infra/app.ts',
      build: 'node --import tsx scripts/bundle.ts',
    });
  });
});
