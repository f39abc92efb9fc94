/**
 * After a deploy, sets what the embedded CloudFormation drops in silence, and reads it back. On AWS the
 * deploy itself does all of this; here, nothing that the template promises may be missing unnoticed.
 */
import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { z } from 'zod';
import { readAssembly } from './assembly.ts';
import { cloudClient } from './clients.ts';
import { createGaps, type Gap, OUT_OF_REACH } from './gaps.ts';

export interface ReconcileOptions {
  readonly endpoint: string;
  readonly assemblyDir: string;
  readonly stackName: string;
}

export interface ReconciledProperty {
  readonly resource: string;
  readonly property: string;
}

export interface ReconcileReport {
  /** Set now, and read back. */
  readonly patched: readonly ReconciledProperty[];
  /** Were as the template says: set by an earlier reconcile, or the gap has closed. */
  readonly kept: readonly ReconciledProperty[];
  /** In the template, but without effect here, and why. */
  readonly unpatched: readonly (ReconciledProperty & { readonly reason: string })[];
}

/** A property could not be set: a defect of ours or of the embedded AWS. */
export class ReconcileError extends Error {
  override readonly name = 'ReconcileError';
}

const Template = z.object({
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
  ),
});

/** @throws ReconcileError where a property does not read back as it was set */
export async function reconcile(options: ReconcileOptions): Promise<ReconcileReport> {
  const { endpoint, assemblyDir, stackName } = options;
  const { templatePath } = await readAssembly(assemblyDir, stackName);
  const { Resources } = Template.parse(JSON.parse(await readFile(templatePath, 'utf8')));
  const names = await physicalNames(endpoint, stackName);
  const gaps = createGaps(endpoint);
  const patched: ReconciledProperty[] = [];
  const kept: ReconciledProperty[] = [];
  const unpatched: (ReconciledProperty & { reason: string })[] = [];

  for (const [resource, { Type, Properties }] of Object.entries(Resources)) {
    for (const [property, value] of Object.entries(Properties)) {
      const reason = OUT_OF_REACH[Type]?.[property];
      if (reason !== undefined) unpatched.push({ resource, property, reason });
      const gap = gaps[Type]?.[property];
      if (!gap) continue;
      const name = names.get(resource);
      if (name === undefined) throw new ReconcileError(`The stack ${stackName} has no resource ${resource}.`);
      const changed = await close(gap, name, value, `${resource}.${property}`);
      (changed ? patched : kept).push({ resource, property });
    }
  }
  return { patched, kept, unpatched };
}

async function physicalNames(endpoint: string, stackName: string): Promise<Map<string, string>> {
  const client = new CloudFormationClient(cloudClient(endpoint));
  const names = new Map<string, string>();
  try {
    for await (const page of paginateListStackResources({ client }, { StackName: stackName })) {
      for (const { LogicalResourceId, PhysicalResourceId } of page.StackResourceSummaries ?? []) {
        if (LogicalResourceId && PhysicalResourceId) names.set(LogicalResourceId, PhysicalResourceId);
      }
    }
  } finally {
    client.destroy();
  }
  return names;
}

async function close(gap: Gap, name: string, value: unknown, label: string): Promise<boolean> {
  const wanted = gap.wanted(value);
  if (isDeepStrictEqual(await gap.read(name), wanted)) return false;
  try {
    await gap.apply(name, value);
  } catch (cause) {
    throw new ReconcileError(`${label} could not be set: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
  const found = await gap.read(name);
  if (isDeepStrictEqual(found, wanted)) return true;
  throw new ReconcileError(
    `${label} was set to ${JSON.stringify(wanted)} but reads back as ${JSON.stringify(found)}.`,
  );
}
