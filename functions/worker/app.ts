/** Carries out one run: claims it, does what the command asks, and never leaves the user at "thinking…". */

import type { RunId } from '../shared/ids.ts';
import type { Interaction } from '../shared/interaction.ts';
import { INTERACTION, readInteraction } from '../shared/interaction.ts';
import type { Log } from '../shared/log.ts';
import { MODAL } from '../shared/modal-ids.ts';
import type { RunStore } from '../shared/run-store.ts';
import type { Command } from './commands/types.ts';
import type { Replies } from './replies.ts';
import type { Reply } from './reply/message.ts';

export interface WorkerPorts {
  readonly runs: Pick<RunStore, 'claim' | 'finish' | 'abandon'>;
  readonly commands: Readonly<Record<'run' | 'upload' | 'files', Command>>;
  readonly repliesFor: (interaction: Interaction, log: Log) => Replies;
  readonly log: Log;
}

/** A second delivery of the same run does nothing. Never throws for what a command does. */
export async function carryOut(runId: RunId, ports: WorkerPorts): Promise<void> {
  const log = ports.log;
  const record = await ports.runs.claim(runId);
  if (!record) return log.info('nothing to do: already taken, or unknown', { runId });
  const interaction = readInteraction(JSON.parse(record.interaction));
  if (!interaction) throw new Error(`the record of run ${runId} holds no interaction`);

  const replies = ports.repliesFor(interaction, log);
  try {
    const reply = await commandFor(interaction, ports)(interaction);
    await replies.edit(reply);
    await ports.runs.finish(runId, 'done');
    log.info('run finished', { runId, command: interaction.name, tone: reply.tone });
  } catch (error) {
    log.error('run failed', { runId, command: interaction.name }, error);
    await replies
      .edit(apology(runId))
      .catch((again) => log.error('could not even apologise', { runId }, again));
    await ports.runs.finish(runId, 'failed');
  }
}

function commandFor({ type, name }: Interaction, { commands }: WorkerPorts): Command {
  if (type === INTERACTION.modal) {
    if (name === MODAL.run) return commands.run;
    if (name === MODAL.upload) return commands.upload;
  }
  if (type === INTERACTION.command && (name === 'run' || name === 'upload' || name === 'files')) {
    return commands[name];
  }
  throw new Error(`no command carries out interaction type ${type}, "${name.slice(0, 40)}"`);
}

/** For our own failures: no details, a reference that finds them in the log. */
export const apology = (runId: RunId): Reply => ({
  tone: 'bad',
  texts: [
    `💥 **Sorry, something went wrong on our side.** Your stored files are safe. Try again in a minute; if it stays so, give the server's operator this reference: \`${runId}\``,
  ],
});
