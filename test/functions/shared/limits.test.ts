import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMIT_RULES, LimitError, readLimits, writeLimits } from '../../../functions/shared/limits.ts';

describe('limits', () => {
  it('has the documented defaults', () => {
    expect(readLimits({})).toEqual({
      timeLimitSeconds: 300,
      installLimitSeconds: 120,
      memoryMegabytes: 2048,
      diskMegabytes: 512,
      outputCharacters: 100_000,
      fileLifetimeSeconds: 172_800,
      maxFiles: 20,
      maxFileBytes: 52_428_800,
      producedFiles: 25,
      producedBytes: 524_288_000,
      inputFiles: 10,
      processes: 64,
    });
  });

  it('takes an empty variable for unset', () => {
    expect(readLimits({ SLASHBOX_TIME_LIMIT_S: ' ' })).toEqual(readLimits({}));
  });

  it.each(['0', '-1', '1.5', 'ten', '9999999999', '0x10'])('refuses a time limit of %j by name', (value) => {
    expect(() => readLimits({ SLASHBOX_TIME_LIMIT_S: value })).toThrow(LimitError);
    expect(() => readLimits({ SLASHBOX_TIME_LIMIT_S: value })).toThrow(
      /SLASHBOX_TIME_LIMIT_S.*from 1 to 500/,
    );
  });

  it('reads back what it writes', () => {
    const rules = Object.values(LIMIT_RULES);
    fc.assert(
      fc.property(fc.tuple(...rules.map(({ min, max }) => fc.integer({ min, max }))), (values) => {
        const environment = Object.fromEntries(
          rules.map(({ variable }, index) => [variable, String(values[index])]),
        );
        expect(writeLimits(readLimits(environment))).toEqual(environment);
      }),
    );
  });
});

describe('docs/operations.md', () => {
  it('has every limit with its variable, default and bounds', async () => {
    const page = await readFile(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
    for (const [name, { variable, fallback, min, max, what }] of Object.entries(LIMIT_RULES)) {
      expect(page).toContain(`| \`${name}\` | \`${variable}\` | ${what} | ${fallback} | ${min}–${max} |`);
    }
  });
});
