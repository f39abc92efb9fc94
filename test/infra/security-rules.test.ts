import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../../infra/synthesise.ts';
import {
  allowedActions,
  createWorkspace,
  embeddedStage,
  realStage,
  templateOf,
  templateText,
  type Workspace,
} from './support.ts';

let workspace: Workspace;
beforeAll(() => {
  workspace = createWorkspace();
});
afterAll(() => workspace.remove());

test.each([AwsSolutionsChecks, ServerlessChecks])('%o finds nothing that is not acknowledged', (Pack) => {
  const config = realStage({ alarmEmail: 'me@example.com', monthlyBudgetDollars: 5 });
  const { stack } = createApp(config, join(workspace.dir, 'nag'), workspace);
  const { violations } = new Pack(stack).validateScope(stack);
  expect(violations.map(({ ruleName, violatingResources }) => [ruleName, violatingResources])).toEqual([]);
});

describe('cfn-lint', () => {
  const linter = '.slashbox/python/dev/bin/cfn-lint';
  // Dependencies that CDK writes although a reference has them already; the local stage's fixed zones.
  const ignored = ['W3005', 'W3010'];
  const stages = {
    'a real stage': realStage({ alarmEmail: 'me@example.com' }),
    'the local stage': embeddedStage(),
  };

  test.skipIf(!existsSync(linter) && !process.env.CI).each(Object.entries(stages))(
    'finds nothing in %s',
    (_, stage) => {
      const path = join(mkdtempSync(join(workspace.dir, 'lint-')), 'template.json');
      writeFileSync(path, templateText(stage, workspace));
      const { stdout, status, error } = spawnSync(linter, ['-i', ...ignored, '--', path], {
        encoding: 'utf8',
      });
      expect({ stdout, status, error }).toEqual({ stdout: '', status: 0, error: undefined });
    },
    // A Python program that loads the specification of all of AWS.
    120_000,
  );
});

describe('rights that only a real account checks', () => {
  let template: Template;
  beforeAll(() => {
    template = templateOf(templateText(realStage(), workspace));
  }, 60_000);

  /** What each SDK call needs; a call that is missing here fails the test and wants a line. */
  const RIGHTS: Readonly<Record<string, string>> = {
    DeleteCommand: 'dynamodb:DeleteItem',
    GetCommand: 'dynamodb:GetItem',
    PutCommand: 'dynamodb:PutItem',
    QueryCommand: 'dynamodb:Query',
    UpdateCommand: 'dynamodb:UpdateItem',
    // Its parts: Put and Update.
    TransactWriteCommand: 'dynamodb:UpdateItem',
    DeleteObjectCommand: 's3:DeleteObject',
    GetObjectCommand: 's3:GetObject',
    HeadObjectCommand: 's3:GetObject',
    ListObjectsV2Command: 's3:ListBucket',
    PutObjectCommand: 's3:PutObject',
    CopyObjectCommand: 's3:PutObject',
    InvokeCommand: 'lambda:InvokeFunction',
    DeleteObjectsCommand: 's3:DeleteObject',
    DeleteLayerVersionCommand: 'lambda:DeleteLayerVersion',
    GetFunctionConfigurationCommand: 'lambda:GetFunctionConfiguration',
    UpdateFunctionConfigurationCommand: 'lambda:UpdateFunctionConfiguration',
    PutParameterCommand: 'ssm:PutParameter',
    DescribeStacksCommand: 'cloudformation:DescribeStacks',
  };

  test.each([
    ['worker', 'WorkerServiceRole'],
    ['cleanup', 'UpkeepCleanupRole'],
    ['promote', 'RenewalPromoteRole'],
  ])('cover every call that the %s makes', (folder, role) => {
    const calls = sourcesIn(join('functions', folder)).flatMap((source) =>
      [...source.matchAll(/new (\w+Command)\(/g)].map(([, call]) => call ?? ''),
    );
    expect(calls.length).toBeGreaterThan(0);
    const needed = [...new Set(calls)].map((call) => RIGHTS[call] ?? `a line in RIGHTS for ${call}`);
    expect(allowedActions(template, role)).toEqual(expect.arrayContaining(needed));
  });
});

function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(folder, file), 'utf8'));
}
