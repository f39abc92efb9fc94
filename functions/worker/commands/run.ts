/** `/run`: code, its files and its input in; the executor's answer, checked and stored, out as one reply. */
import { type ExecutorRequest, executorLimitsOf } from '../../shared/executor-protocol.ts';
import type { Interaction } from '../../shared/interaction.ts';
import type { Limits } from '../../shared/limits.ts';
import { type FileRecord, outputPrefix } from '../../shared/records.ts';
import type { ExecutorClient } from '../executor-client.ts';
import type { FileStore } from '../file-store.ts';
import { mentionedFiles } from '../mentioned-files.ts';
import type { ObjectStore } from '../object-store.ts';
import { adoptOutputs } from '../outputs.ts';
import type { Reply } from '../reply/message.ts';
import { resultReply } from '../reply/result.ts';
import { inlineCode } from '../reply/text.ts';
import { gatherRunInput } from '../run-input.ts';
import type { Command } from './types.ts';
import type { UploadPorts } from './upload.ts';

export interface RunPorts extends UploadPorts {
  readonly files: Pick<FileStore, 'list' | 'upload' | 'adopt'>;
  readonly objects: ObjectStore;
  readonly executor: ExecutorClient;
  readonly limits: Limits;
}

/** Seconds that signed URLs outlive the longest run, for transfers at its ends. */
const TRANSFER_SECONDS = 60;

export function createRunCommand(ports: RunPorts): Command {
  return async (interaction) => {
    const input = await gatherRunInput(interaction, ports);
    if ('problem' in input) return problem(input.problem);

    const stored = await ports.files.list(interaction.userId);
    const { chosen, left } = chooseInputs(input.text, input.attached, stored, ports.limits);
    const request = await createRequest(interaction, input, chosen, ports);
    const answer = await ports.executor.run(interaction.userId, request);

    if (answer.kind === 'busy') {
      return problem(
        '⏳ **All of Slashbox is busy right now.** Your code did not run. Try again in a minute; your files are safe.',
      );
    }
    if (answer.kind === 'crashed') {
      return problem(
        `💥 **The sandbox broke while your code ran.** That can happen when code uses up its memory at once or attacks what it runs in. Your files are safe. Reference: \`${interaction.id}\``,
      );
    }
    const outputs = await adoptOutputs(interaction, answer.result, ports);
    return resultReply({
      result: answer.result,
      outputs,
      milliseconds: answer.milliseconds,
      limits: ports.limits,
      used: chosen,
      storedNames: stored.map(({ name }) => name),
      notes: left.length
        ? [
            `Only ${ports.limits.inputFiles} files fit a run; left out: ${left.map(({ name }) => inlineCode(name, 40)).join(', ')}`,
          ]
        : [],
      runId: interaction.id,
    });
  };
}

/** Attached files always come along; stored ones where the code names them. */
function chooseInputs(
  text: string,
  attached: readonly FileRecord[],
  stored: readonly FileRecord[],
  { inputFiles }: Limits,
) {
  const names = new Set(attached.map(({ name }) => name));
  const mentioned = mentionedFiles(text, stored).filter(({ name }) => !names.has(name));
  const wanted = [...attached, ...mentioned];
  return { chosen: wanted.slice(0, inputFiles), left: wanted.slice(inputFiles) };
}

async function createRequest(
  { id }: Interaction,
  input: { readonly code: string; readonly codeName: string; readonly stdin: string | undefined },
  chosen: readonly FileRecord[],
  { objects, limits }: RunPorts,
): Promise<ExecutorRequest> {
  const seconds = limits.installLimitSeconds + limits.timeLimitSeconds + TRANSFER_SECONDS;
  const slots = Array.from({ length: limits.producedFiles }, (_, slot) =>
    objects.signPost(`${outputPrefix(id)}${slot}`, seconds, limits.maxFileBytes),
  );
  const inputs = chosen.map(async ({ name, fileId, objectKey, size }) => ({
    name,
    id: fileId,
    url: await objects.signGet(objectKey, seconds),
    size,
  }));
  return {
    version: 1,
    op: 'run',
    run_id: id,
    code: input.code,
    code_name: input.codeName,
    stdin: input.stdin ?? null,
    inputs: await Promise.all(inputs),
    outputs: await Promise.all(slots),
    limits: executorLimitsOf(limits),
  };
}

const problem = (text: string): Reply => ({ tone: 'bad', texts: [text] });
