import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ExecutorResult, RUN_STATUSES } from '../../../../functions/shared/executor-protocol.ts';
import { readLimits } from '../../../../functions/shared/limits.ts';
import type { Output } from '../../../../functions/worker/outputs.ts';
import { toClassic, toComponents } from '../../../../functions/worker/reply/message.ts';
import { type FinishedRun, resultReply } from '../../../../functions/worker/reply/result.ts';
import { expectValidEdit, textsOf } from '../../../support/discord-rules.ts';
import { executorResult } from '../../../support/executor-result.ts';
import { fileRecord } from '../../../support/records.ts';

const run = (change: Partial<ExecutorResult> = {}, more: Partial<FinishedRun> = {}): FinishedRun => ({
  result: executorResult(change),
  outputs: { kept: [], skipped: [] },
  milliseconds: 1_840,
  limits: readLimits({}),
  used: [],
  storedNames: [],
  notes: [],
  runId: '1234567890',
  ...more,
});

const textOf = (finished: FinishedRun): string => {
  const { body } = toComponents(resultReply(finished));
  expectValidEdit(body);
  return textsOf(body).join('\n');
};

const PNG = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(40)]);
const output = (name: string, change: Partial<Output> = {}): Output => ({
  file: fileRecord({ name, origin: 'run' }),
  kind: 'file',
  ...change,
});

describe('the reply to a run', () => {
  it('shows how it ended and what it printed', () => {
    expect(textOf(run({ stdout: '42\n' }))).toContain('✅ **Finished** in 1.8 s\n```\n42\n```');
  });

  it('says what a silent run could do', () => {
    expect(textOf(run())).toContain('It printed nothing. Use `print()`');
  });

  it('names exception and line of a failure', () => {
    const stderr =
      'Traceback (most recent call last):\n  File "main.py", line 3, in <module>\n    x\nNameError: name \'x\' is not defined\n';
    const text = textOf(run({ status: 'error', exit_code: 1, stderr }));
    expect(text).toContain('❌ **Failed** after 1.8 s · exit code 1 · `NameError` on line 3');
    expect(text).toContain('Each run starts fresh');
  });

  it('names the cell of a notebook’s failure', () => {
    const stderr =
      'Cell 3 failed, so cell 4 did not run:\nTraceback (most recent call last):\n  In cell 1, line 9, in f\n    y\n  In cell 3, line 2\n    f()\nKeyError: 1\n';
    const text = textOf(run({ status: 'error', exit_code: 1, stderr }));
    expect(text).toContain('`KeyError` on line 2 of cell 3');
  });

  it('tells who asks for a file that is not stored how to store it', () => {
    const stderr = "FileNotFoundError: [Errno 2] No such file or directory: 'Sales.csv'\n";
    expect(textOf(run({ status: 'error', stderr }))).toContain('`/upload` stores one');
    expect(textOf(run({ status: 'error', stderr }, { storedNames: ['sales.csv'] }))).toContain(
      'capitals count',
    );
  });

  it.each(RUN_STATUSES)('has words for %s', (status) => {
    expect(textOf(run({ status, exit_code: null, signal: 'SIGSEGV' }))).not.toMatch(/undefined|null/);
  });

  it('passes the executor’s hint on, unless the status line says the same', () => {
    const hint = 'Network access is switched off here.';
    expect(textOf(run({ status: 'error', hint }))).toContain(`💡 ${hint}`);
    expect(textOf(run({ status: 'timeout', hint: 'It was stopped after 300 seconds.' }))).not.toContain('💡');
  });

  it('puts charts into a gallery with alt text and other files beside it', () => {
    const kept = [
      output('figure 1.png', { data: PNG, imageType: 'image/png', kind: 'figure' }),
      output('out.csv', { data: Buffer.from('a,b') }),
    ];
    const { body, files } = toComponents(resultReply(run({}, { outputs: { kept, skipped: [] } })));
    expectValidEdit(body);
    expect(files.map(({ name }) => name)).toEqual(['figure_1.png', 'out.csv']);
    expect(body).toMatchObject({
      attachments: [
        { id: '0', filename: 'figure_1.png' },
        { id: '1', filename: 'out.csv' },
      ],
      components: [
        {
          components: expect.arrayContaining([
            {
              type: 12,
              items: [
                {
                  media: { url: 'attachment://figure_1.png' },
                  description: 'Image 1 of 1 made by the code: figure 1.png',
                },
              ],
            },
            { type: 13, file: { url: 'attachment://out.csv' } },
          ]),
        },
      ],
    });
  });

  it('attaches the whole output when it shows only a part', () => {
    const stdout = Array.from({ length: 500 }, (_, index) => `row ${index}`).join('\n');
    const { body, files } = toComponents(resultReply(run({ stdout })));
    expect(textsOf(body).join()).toContain('lines left out');
    expect(files.map(({ name }) => name)).toEqual(['output.txt']);
    expect(Buffer.from(files[0]?.data ?? []).toString()).toBe(stdout);
  });

  it('links what is too large for the message', () => {
    const kept = [output('big.csv', { link: 'https://example.com/x' }), output('bigger.csv')];
    const text = textOf(run({}, { outputs: { kept, skipped: [] } }));
    expect(text).toContain('[download it](https://example.com/x)');
    expect(text).toContain('use `bigger.csv` in your next run');
  });

  it('keeps to Discord’s rules and leaks no mention or fence, whatever the executor says', () => {
    const nasty = fc
      .array(
        fc.oneof(
          fc.constantFrom('```', '@everyone', '\u202e', '\n', '日本語', '𝄞', '`', '|'),
          fc.string({ unit: 'binary' }),
        ),
        {
          maxLength: 400,
        },
      )
      .map((parts) => parts.join(''));
    const name = nasty.map((text) => text.slice(0, 255) || 'x');
    fc.assert(
      fc.property(
        fc.constantFrom(...RUN_STATUSES),
        nasty,
        nasty,
        fc.option(nasty, { nil: null }),
        fc.array(name, { maxLength: 30 }),
        fc.array(fc.record({ name, reason: nasty }), { maxLength: 30 }),
        fc.array(fc.tuple(name, fc.boolean()), { maxLength: 9 }),
        (status, stdout, stderr, hint, installed, failed, files) => {
          const kept = files.map(([fileName, image]) =>
            output(fileName, image ? { data: PNG, imageType: 'image/png' } : { data: Buffer.from('x') }),
          );
          const reply = resultReply(
            run(
              { status, stdout, stderr, hint, installed_packages: installed, failed_packages: failed },
              { outputs: { kept, skipped: failed } },
            ),
          );
          for (const { body, files: sent } of [toComponents(reply), toClassic(reply)]) {
            expectValidEdit(body);
            expect(body.allowed_mentions).toEqual({ parse: [] });
            expect(new Set(sent.map((file) => file.name)).size).toBe(sent.length);
            expect(sent.length).toBeLessThanOrEqual(10);
            expect(sent.every((file) => /^[\w.-]+$/.test(file.name))).toBe(true);
          }
          const texts = textsOf(toComponents(reply).body);
          const all = texts.join('');
          expect(all.length).toBeLessThanOrEqual(4_000);
          expect(Buffer.byteLength(all) + 12 * texts.length).toBeLessThanOrEqual(10_000);
        },
      ),
      { numRuns: 200 },
    );
  });
});
