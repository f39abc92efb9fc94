/** Lambda entry point, invoked asynchronously with a run's id and nothing else. */
import { asRunId } from '../shared/ids.ts';
import { carryOut } from './app.ts';
import { portsFrom } from './ports.ts';

const ports = portsFrom(process.env);

export async function handler(event: { readonly runId?: unknown }): Promise<void> {
  const runId = asRunId(event.runId);
  if (!runId) throw new Error('the event carries no run id');
  await carryOut(runId, ports);
}
