import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { readInteraction } from '../../../functions/shared/interaction.ts';
import { readLimits } from '../../../functions/shared/limits.ts';
import { createRunCommand } from '../../../functions/worker/commands/run.ts';
import { gatherRunInput } from '../../../functions/worker/run-input.ts';
import { command } from '../../support/interactions.ts';
import { fileRecord } from '../../support/records.ts';

let server: Server | undefined;
afterEach(() => {
  server?.close();
});

/** Serves one attachment as Discord's host would, and gives the interaction that carries it. */
async function attached(name: string, data: Buffer | string) {
  const bytes = Buffer.from(data);
  server = createServer((_request, response) => response.end(bytes));
  await new Promise<void>((ready) => server?.listen(0, '127.0.0.1', ready));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const attachments = [{ id: '9', filename: name, size: bytes.length, url: `http://${host}/${name}` }];
  const interaction = readInteraction(command({ options: { attach: '9' }, attachments }));
  if (!interaction) throw new Error('the test interaction is not one');
  const ports = { cdnHosts: [host], limits: readLimits({}), files: {} } as never;
  return { interaction, ports, host };
}

const NOTEBOOK = JSON.stringify({
  nbformat: 4,
  cells: [{ cell_type: 'code', source: ['load_file("sales.csv")'], outputs: ['x'.repeat(1_100_000)] }],
});

describe('gatherRunInput', () => {
  it('takes a script as it is', async () => {
    const { interaction, ports } = await attached('job.py', 'print("a.csv")');
    expect(await gatherRunInput(interaction, ports)).toMatchObject({
      code: 'print("a.csv")',
      text: 'print("a.csv")',
      codeName: 'job.py',
    });
  });

  it('takes a notebook without its outputs, and its cells as the text to look for files in', async () => {
    const { interaction, ports } = await attached('My Work.IPYNB', NOTEBOOK);
    const input = await gatherRunInput(interaction, ports);
    if ('problem' in input) throw new Error(input.problem);
    expect(input.codeName).toBe('My Work.ipynb');
    expect(input.text).toBe('load_file("sales.csv")');
    expect(input.code.length).toBeLessThan(200);
  });

  it.each([
    ['a.ipynb', '{', 'its JSON is damaged'],
    ['a.ipynb', Buffer.from([0xff, 0xfe, 0x7b]), 'is not UTF-8 text'],
    ['a.py', Buffer.from([0xff]), 'is not UTF-8 text'],
    [
      'a.ipynb',
      JSON.stringify({ nbformat: 4, cells: [{ cell_type: 'code', source: '#'.repeat(1_000_100) }] }),
      'its code alone has',
    ],
  ])('says why %s cannot run', async (name, data, words) => {
    const { interaction, ports } = await attached(name, data);
    expect(await gatherRunInput(interaction, ports)).toEqual({ problem: expect.stringContaining(words) });
  });
});

describe('createRunCommand', () => {
  it('puts what a notebook names into the run, by name and with its id', async () => {
    const { interaction, ports, host } = await attached('a.ipynb', NOTEBOOK);
    const stored = [fileRecord({ name: 'sales.csv' }), fileRecord({ name: 'other.csv' })];
    const requests: { inputs: unknown }[] = [];
    const run = createRunCommand({
      ...(ports as object),
      cdnHosts: [host],
      files: { list: async () => stored },
      objects: { signPost: async () => ({ url: 'u', fields: {} }), signGet: async () => 'https://s3/get' },
      executor: {
        run: async (_user: string, request: { inputs: unknown }) => {
          requests.push(request);
          return { kind: 'busy' };
        },
      },
    } as never);
    await run(interaction);
    expect(requests[0]?.inputs).toEqual([
      { name: 'sales.csv', id: stored[0]?.fileId, url: 'https://s3/get', size: stored[0]?.size },
    ]);
  });
});
