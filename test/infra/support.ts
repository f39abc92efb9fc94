/** Synthesises stages from stand-in bundles, and reads templates the way these tests ask about them. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { readLimits } from '../../functions/shared/limits.ts';
import { ARCHITECTURES, LOCAL_STAGE, parseStage, type StageConfig } from '../../infra/config.ts';
import { executorCodeOf, FUNCTIONS, stackNameOf, uvLayerOf } from '../../infra/names.ts';
import { synthesise } from '../../infra/synthesise.ts';

export const STAGE_FILE = {
  region: 'eu-central-1',
  discord: { applicationId: '1234567890123456789', publicKey: 'ab'.repeat(32) },
};

/** A stage as an operator would write it, with changes of a test's own. */
export const realStage = (changes: Readonly<Record<string, unknown>> = {}): StageConfig =>
  parseStage('prod', { ...STAGE_FILE, ...changes }, 'prod.json');

/** A stage as `npm start` makes it. */
export const embeddedStage = (changes: Partial<StageConfig> = {}): StageConfig => ({
  stage: LOCAL_STAGE,
  region: 'us-east-1',
  discord: STAGE_FILE.discord,
  limits: readLimits({}),
  architecture: 'x86_64',
  python: '3.12',
  executor: { memoryMegabytes: 3_008, storageMegabytes: 4_096 },
  local: {
    endpoint: 'http://127.0.0.1:4566',
    vpcEndpoint: 'http://127.0.0.1:4999',
    firstUseEndpoint: 'http://127.0.0.1:4998',
    assetBucket: 'slashbox-assets',
    uv: '/usr/bin/uv',
    discordApiBase: 'http://127.0.0.1:8787/api',
    discordCdnHosts: ['127.0.0.1:8787'],
  },
  ...changes,
});

export interface Workspace {
  readonly dir: string;
  readonly functionsDir: string;
  remove(): void;
}

/** A folder with one small file for each function: what is in a bundle does not matter to a template. */
export function createWorkspace(): Workspace {
  const dir = mkdtempSync(join(tmpdir(), 'slashbox-infra-'));
  const functionsDir = join(dir, 'functions');
  const inAws = ARCHITECTURES.flatMap((machine) => [uvLayerOf(machine), executorCodeOf(machine)]);
  for (const name of [...FUNCTIONS, ...inAws]) {
    mkdirSync(join(functionsDir, name), { recursive: true });
    writeFileSync(join(functionsDir, name, 'handler.py'), `# ${name}\n`);
  }
  return { dir, functionsDir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** @returns the template's text, as it would be deployed */
export function templateText(config: StageConfig, { dir, functionsDir }: Workspace): string {
  const assembly = synthesise(config, mkdtempSync(join(dir, 'assembly-')), { functionsDir });
  return readFileSync(join(assembly, `${stackNameOf(config.stage)}.template.json`), 'utf8');
}

export const templateOf = (text: string): Template => Template.fromJSON(JSON.parse(text));

export interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action?: string | string[];
  readonly NotAction?: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** Every statement of the role whose logical id starts so. */
export function statementsOf(template: Template, role: string): Statement[] {
  const policies = Object.values(template.findResources('AWS::IAM::Policy')) as {
    Properties: { Roles: { Ref: string }[]; PolicyDocument: { Statement: Statement[] } };
  }[];
  return policies
    .filter(({ Properties }) => Properties.Roles.some(({ Ref }) => Ref.startsWith(role)))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
}

/** The actions that a role allows, sorted. */
export const allowedActions = (template: Template, role: string): string[] =>
  statementsOf(template, role)
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap(({ Action = [] }) => Action)
    .sort();

/** Properties of the one resource of a type, or of the one whose logical id starts so. */
export function only<Properties = Readonly<Record<string, unknown>>>(
  template: Template,
  type: string,
  idStart = '',
): Properties {
  const found = Object.entries(template.findResources(type)).filter(([id]) => id.startsWith(idStart));
  if (found.length !== 1)
    throw new Error(`${found.length} resources of type ${type} start with "${idStart}"`);
  return found[0]?.[1].Properties;
}
