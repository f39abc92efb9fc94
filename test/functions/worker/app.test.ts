import { describe, expect, it } from 'vitest';
import type { RunId } from '../../../functions/shared/ids.ts';
import { createLog } from '../../../functions/shared/log.ts';
import type { RunRecord } from '../../../functions/shared/records.ts';
import { carryOut, type WorkerPorts } from '../../../functions/worker/app.ts';
import { runIdOf, tellUser } from '../../../functions/worker/failure.ts';
import type { Reply } from '../../../functions/worker/reply/message.ts';
import { command, modal } from '../../support/interactions.ts';

function setUp(interaction: { id: string }, change: Partial<WorkerPorts> = {}) {
  const id = interaction.id as RunId;
  const state = { status: 'queued' as RunRecord['status'] };
  const edits: Reply[] = [];
  const lines: string[] = [];
  const record = () => ({ runId: id, interaction: JSON.stringify(interaction) }) as RunRecord;
  const done = (text: string) => async (): Promise<Reply> => ({ tone: 'good', texts: [text] });
  const ports: WorkerPorts = {
    runs: {
      claim: async () => {
        if (state.status !== 'queued') return undefined;
        state.status = 'running';
        return record();
      },
      finish: async (_, status) => {
        state.status = status;
      },
      abandon: async () => {
        if (state.status === 'done' || state.status === 'failed') return undefined;
        state.status = 'failed';
        return record();
      },
    },
    commands: { run: done('ran'), upload: done('stored'), files: done('listed') },
    repliesFor: () => ({
      edit: async (reply) => {
        edits.push(reply);
      },
    }),
    log: createLog({}, (line) => lines.push(line)),
    ...change,
  };
  return { id, ports, edits, state, lines };
}

describe('carryOut', () => {
  it.each([
    [command({ name: 'run' }), 'ran'],
    [command({ name: 'upload' }), 'stored'],
    [command({ name: 'files' }), 'listed'],
    [modal('v1:run', { code: '1' }), 'ran'],
    [modal('v1:upload', {}), 'stored'],
  ])('carries out each command and form', async (interaction, text) => {
    const { id, ports, edits, state } = setUp(interaction);
    await carryOut(id, ports);
    expect(edits.map(({ texts }) => texts)).toEqual([[text]]);
    expect(state.status).toBe('done');
  });

  it('does nothing when the event is delivered a second time', async () => {
    const { id, ports, edits } = setUp(command());
    await carryOut(id, ports);
    await carryOut(id, ports);
    expect(edits).toHaveLength(1);
  });

  it('apologises with a reference, and shows nothing of the error', async () => {
    const base = setUp(command());
    const run = () => Promise.reject(new Error('AccessDenied: arn:aws:s3:::secret'));
    const { id, ports, edits, state, lines } = {
      ...base,
      ports: { ...base.ports, commands: { ...base.ports.commands, run } },
    };
    await carryOut(id, ports);
    expect(edits[0]?.texts.join()).toContain(id);
    expect(edits[0]?.texts.join()).not.toContain('AccessDenied');
    expect(state.status).toBe('failed');
    expect(lines.join()).toContain('AccessDenied');
  });

  it('records the failure even where Discord takes no edit at all', async () => {
    const { id, ports, state } = setUp(command(), {
      repliesFor: () => ({ edit: () => Promise.reject(new Error('Unknown Webhook')) }),
    });
    await carryOut(id, ports);
    expect(state.status).toBe('failed');
  });
});

describe('a run that the worker did not end', () => {
  it('is told to its user', async () => {
    const { id, ports, edits, state } = setUp(command());
    state.status = 'running';
    await tellUser(id, ports);
    expect(edits[0]?.texts.join()).toContain(id);
    expect(state.status).toBe('failed');
  });

  it('is left alone when it ended after all', async () => {
    const { id, ports, edits, state } = setUp(command());
    state.status = 'done';
    await tellUser(id, ports);
    expect(edits).toEqual([]);
  });

  it.each([
    ['{"requestPayload":{"runId":"42"}}', '42'],
    ['{"requestPayload":{"runId":"../x"}}', undefined],
    ['{"requestPayload":null}', undefined],
    ['null', undefined],
    ['not json', undefined],
  ])('is found in %s as %s', (body, id) => {
    expect(runIdOf(body)).toBe(id);
  });
});
