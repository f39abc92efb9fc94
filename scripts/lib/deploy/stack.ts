/** The stage's stack: bundled, synthesised here, and deployed by the CDK CLI that package.json pins. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import type { StageConfig } from '../../../infra/config.ts';
import { OUTPUTS, type OutputName, stackNameOf } from '../../../infra/names.ts';
import { synthesise } from '../../../infra/synthesise.ts';
import { bundle } from '../../bundle.ts';
import { OperatorError } from '../arguments.ts';
import { runProgram } from '../run-program.ts';
import { bundleUv } from '../uv-layer.ts';
import { bundleExecutor } from '../zstd-code.ts';
import type { StackPort } from './deploy-stage.ts';

/** @param root the project's folder */
export function createStack(config: StageConfig, root: string): StackPort {
  const { region, stage } = config;
  const cdk = async (args: readonly string[], cwd: string): Promise<void> => {
    const { problem, interrupted } = await runProgram(process.execPath, [cliIn(root), ...args], {
      cwd,
      env: { ...process.env, AWS_REGION: region, AWS_DEFAULT_REGION: region },
    });
    if (interrupted)
      throw new OperatorError('interrupted. CloudFormation may still be at work; run the command again.');
    if (problem) throw new OperatorError(`cdk ${args[0]} failed (${problem}); what it said is above.`);
  };

  return {
    async bundle() {
      await Promise.all([bundle(), bundleUv(config.architecture, root)]);
      await bundleExecutor(config.architecture, root);
    },

    // From an empty folder: with an app at hand the CLI would synthesise it first.
    bootstrap: (account) =>
      inEmptyFolder((folder) => cdk(['bootstrap', `aws://${account}/${region}`], folder)),

    async deploy() {
      const assembly = synthesise(config, join(root, 'cdk.out', stage));
      await cdk(['deploy', stackNameOf(stage), '--app', assembly, '--require-approval', 'never'], root);
      return readOutputs(stage, region);
    },
  };
}

/** The newest release by name is an old build that cannot read today's assemblies: only ours will do. */
function cliIn(root: string): string {
  const read = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'));
  const folder = join('node_modules', 'aws-cdk');
  const wanted = read('package.json').devDependencies['aws-cdk'];
  const found = read(join(folder, 'package.json')).version;
  if (found === wanted) return join(root, folder, 'bin', 'cdk');
  throw new OperatorError(`the CDK CLI here is ${found}, but this project needs ${wanted}. Run: npm ci`);
}

async function inEmptyFolder(action: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'slashbox-bootstrap-'));
  try {
    await action(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function readOutputs(stage: string, region: string): Promise<Readonly<Record<OutputName, string>>> {
  const client = new CloudFormationClient({ region });
  const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stackNameOf(stage) }));
  const outputs = new Map(
    Stacks?.[0]?.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]),
  );
  return Object.fromEntries(OUTPUTS.map((name) => [name, outputs.get(name) ?? ''])) as unknown as Readonly<
    Record<OutputName, string>
  >;
}
