/**
 * Lambda entry point for runs that the worker could not end itself: it crashed, timed out, or its event
 * grew too old. Tells the user at once, so that nobody keeps waiting for "thinking…".
 */
import type { SQSEvent } from 'aws-lambda';
import { asRunId, type RunId } from '../shared/ids.ts';
import { readInteraction } from '../shared/interaction.ts';
import { apology, type WorkerPorts } from './app.ts';
import { portsFrom } from './ports.ts';

export async function handler(event: SQSEvent): Promise<void> {
  const ports = portsFrom(process.env);
  for (const { body } of event.Records) await tellUser(runIdOf(body), ports);
}

/** A run that ended after all, or whose record is gone, is left alone. */
export async function tellUser(
  runId: RunId | undefined,
  { runs, repliesFor, log }: Pick<WorkerPorts, 'runs' | 'repliesFor' | 'log'>,
): Promise<void> {
  if (!runId) return log.warn('a failure record without a run id');
  const record = await runs.abandon(runId);
  const interaction = record && readInteraction(JSON.parse(record.interaction));
  if (!interaction) return log.info('nothing to tell', { runId });
  log.error('the worker did not end this run', { runId });
  await repliesFor(interaction, log).edit(apology(runId));
}

/** The record that Lambda sends to an on-failure destination has the event in `requestPayload`. */
export function runIdOf(body: string): RunId | undefined {
  try {
    return asRunId(JSON.parse(body)?.requestPayload?.runId);
  } catch {
    return undefined;
  }
}
