/** All of one stage of Slashbox, put together from its constructs. */
import { CfnOutput, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Executor } from './constructs/executor.ts';
import { InteractionsEndpoint } from './constructs/interactions-endpoint.ts';
import { IsolatedNetwork } from './constructs/isolated-network.ts';
import { Monitoring } from './constructs/monitoring.ts';
import { Renewal } from './constructs/renewal.ts';
import { RunWorker } from './constructs/run-worker.ts';
import type { StageContext } from './constructs/service-function.ts';
import { Storage } from './constructs/storage.ts';
import { Upkeep } from './constructs/upkeep.ts';
import { OUTPUTS, type OutputName } from './names.ts';

export interface SlashboxStackProps extends StackProps {
  readonly context: StageContext;
}

export class SlashboxStack extends Stack {
  constructor(scope: Construct, id: string, { context, ...props }: SlashboxStackProps) {
    super(scope, id, props);
    const { config } = context;
    const { files, packages, table } = new Storage(this, 'Storage', { config });
    const network = new IsolatedNetwork(this, 'Network', { config, files, packages });
    const executor = new Executor(this, 'Executor', { context, name: 'executor', network, packages });
    const candidate = new Executor(this, 'Candidate', { context, name: 'candidate', network, packages });
    const worker = new RunWorker(this, 'Worker', { context, table, files, executor: executor.service });
    const endpoint = new InteractionsEndpoint(this, 'Interactions', {
      context,
      table,
      worker: worker.service,
    });
    const upkeep = new Upkeep(this, 'Upkeep', { context, table, files });
    const renewal = new Renewal(this, 'Renewal', {
      context,
      packages,
      executor: executor.service,
      candidate: candidate.service,
    });
    new Monitoring(this, 'Monitoring', { config, endpoint, worker, executor, upkeep, renewal });
    Tags.of(this).add('slashbox:stage', config.stage);
    this.output({
      InteractionsUrl: endpoint.url,
      HttpApiId: endpoint.api.apiId,
      TableName: table.tableName,
      FilesBucketName: files.bucketName,
      PackagesBucketName: packages.bucketName,
      ExecutorFunctionName: executor.service.function.functionName,
      WorkerFunctionName: worker.service.function.functionName,
      CleanupFunctionName: upkeep.cleanup.function.functionName,
      RebuildFunctionName: renewal.rebuild.function.functionName,
      PromoteFunctionName: renewal.promote.function.functionName,
    });
  }

  private output(values: Readonly<Record<OutputName, string>>): void {
    for (const name of OUTPUTS) new CfnOutput(this, name, { value: values[name] });
  }
}
