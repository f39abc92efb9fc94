/** Deploys a stage step by step; each step can be repeated, so an interrupted deploy is simply run again. */
import type { StageConfig } from '../../../infra/config.ts';
import { type OutputName, stackNameOf } from '../../../infra/names.ts';
import {
  type EnvironmentPlan,
  type LayerInForce,
  planEnvironment,
  type WantedEnvironment,
} from './environment-plan.ts';

export interface DeployPorts {
  readonly cloud: CloudPort;
  readonly packages: PackagesPort;
  readonly stack: StackPort;
  /** Undefined where the commands are not to be registered. */
  readonly discord?: DiscordPort | undefined;
  readonly say: (line: string) => void;
}

export interface CloudPort {
  /** @returns the account that the credentials belong to */
  account(): Promise<string>;
  isBootstrapped(): Promise<boolean>;
  layerInForce(): Promise<LayerInForce | undefined>;
  publishLayer(environment: BuiltEnvironment, replace: boolean): Promise<string>;
  uploadBundles(environment: BuiltEnvironment, bucket: string): Promise<number>;
}

export interface PackagesPort {
  /** The id of what {@link build} would build. */
  identify(): Promise<string>;
  /** Goes on where an earlier build stopped; instant where it is finished. */
  build(id: string): Promise<BuiltEnvironment>;
}

export interface StackPort {
  bundle(): Promise<void>;
  bootstrap(account: string): Promise<void>;
  /** @returns the stack's outputs */
  deploy(): Promise<Readonly<Record<OutputName, string>>>;
}

export interface DiscordPort {
  /** @throws OperatorError where the stage's application is not the token's, before anything is changed */
  check(): Promise<void>;
  /** @returns how many commands the application has now */
  register(): Promise<number>;
}

export interface BuiltEnvironment {
  readonly id: string;
  /** With `manifest.json`, `layer.zip` and `bundles/`. */
  readonly folder: string;
}

interface Step {
  readonly title: string;
  run(): Promise<void>;
}

/**
 * @param options dryRun: checks and prints what would be done
 * @returns the endpoint's URL, or undefined for a dry run
 * @throws OperatorError in words; what was done until then stays, and the next deploy goes on from it
 */
export async function deployStage(
  config: StageConfig,
  ports: DeployPorts,
  { dryRun }: { readonly dryRun: boolean },
): Promise<string | undefined> {
  const { cloud, packages, discord, say } = ports;
  const account = await cloud.account();
  await discord?.check();
  const bootstrapped = await cloud.isBootstrapped();
  const wanted: WantedEnvironment = { ...config, id: await packages.identify() };
  const plan = planEnvironment(await cloud.layerInForce(), wanted);
  let outputs: Readonly<Record<OutputName, string>> | undefined;

  const steps: Step[] = [
    { title: 'bundle the functions', run: ports.stack.bundle },
    ...(bootstrapped ? [] : [bootstrapStep(config, account, ports)]),
    ...environmentSteps(plan, wanted, ports),
    {
      title: `deploy the stack ${stackNameOf(config.stage)}`,
      async run() {
        outputs = await ports.stack.deploy();
      },
    },
    ...(plan.action === 'keep' ? [] : [uploadStep(wanted, ports, () => outputs?.PackagesBucketName)]),
    ...(discord ? [registerStep(discord, say)] : []),
  ];

  say(`Stage "${config.stage}" in ${config.region}, account ${account}:`);
  if (plan.action === 'keep')
    say('  The package environment in force was promoted later and stays as it is.');
  for (const [index, { title, run }] of steps.entries()) {
    say(`  ${index + 1}/${steps.length} ${title}`);
    if (!dryRun) await run();
  }
  return outputs?.InteractionsUrl;
}

function bootstrapStep({ region }: StageConfig, account: string, { stack }: DeployPorts): Step {
  return {
    title: `prepare account ${account} for CDK in ${region} (once: a bucket and roles, stack CDKToolkit)`,
    run: () => stack.bootstrap(account),
  };
}

function environmentSteps(plan: EnvironmentPlan, wanted: WantedEnvironment, ports: DeployPorts): Step[] {
  const { id, python, architecture } = wanted;
  if (plan.action === 'keep' || plan.action === 'complete') return [];
  const why = plan.action === 'replace' ? `, as ${plan.reason}` : '';
  return [
    {
      title: `build the package environment ${id} for Python ${python} on ${architecture} and publish it${why}`,
      async run() {
        const built = await ports.packages.build(id);
        ports.say(`      ${await ports.cloud.publishLayer(built, plan.action === 'replace')}`);
      },
    },
  ];
}

function uploadStep({ id }: WantedEnvironment, ports: DeployPorts, bucket: () => string | undefined): Step {
  return {
    title: `upload the bundles of the package environment ${id} that are not there yet`,
    async run() {
      const name = bucket();
      if (!name) throw new Error('The stack has no output PackagesBucketName.');
      const uploaded = await ports.cloud.uploadBundles(await ports.packages.build(id), name);
      ports.say(`      ${uploaded} uploaded`);
    },
  };
}

function registerStep(discord: DiscordPort, say: DeployPorts['say']): Step {
  return {
    title: 'register the commands with Discord',
    async run() {
      say(`      ${await discord.register()} commands`);
    },
  };
}
