import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMIT_RULES, type Limits, readLimits } from '../../functions/shared/limits.ts';
import { clocksOf } from '../../infra/clocks.ts';
import { ConfigError, checkStage, parseStage } from '../../infra/config.ts';
import { listStages, readStage } from '../../infra/stage-file.ts';
import { embeddedStage, STAGE_FILE } from './support.ts';

const parse = (changes: object, stage = 'prod') =>
  parseStage(stage, { ...STAGE_FILE, ...changes }, 'prod.json');

describe('a stage file', () => {
  test('needs nothing but the region and what Discord gave', () => {
    expect(parseStage('prod', STAGE_FILE, 'prod.json')).toMatchObject({
      stage: 'prod',
      architecture: 'arm64',
      python: '3.13',
      limits: readLimits({}),
      executor: { memoryMegabytes: 3008, storageMegabytes: 4096 },
    });
  });

  test('keeps the limits that it sets and takes the defaults of the others', () => {
    expect(parse({ limits: { maxFiles: 5 } }).limits).toEqual({ ...readLimits({}), maxFiles: 5 });
  });

  test.each([
    ['an unknown key', { memory: 1 }, 'prod.json: there is no setting "memory".'],
    ['a misspelt limit', { limits: { maxFile: 1 } }, 'there is no setting "limits.maxFile"'],
    ['a key for the local system', { local: { endpoint: 'http://127.0.0.1' } }, 'no setting "local"'],
    ['a region that is none', { region: 'Frankfurt' }, 'region must be an AWS region such as eu-central-1'],
    [
      'an account as a number',
      { account: 111122223333 },
      'account must be an AWS account id: 12 digits, in quotes',
    ],
    ['no discord part', { discord: undefined }, 'discord must be an object with applicationId and publicKey'],
    [
      'a key too short',
      { discord: { ...STAGE_FILE.discord, publicKey: 'abc' } },
      'discord.publicKey must be',
    ],
    [
      'a limit out of bounds',
      { limits: { maxFiles: 0 } },
      'limits.maxFiles must be a whole number from 1 to 100',
    ],
    [
      'a limit in words',
      { limits: { maxFiles: 'many' } },
      'limits.maxFiles must be a whole number from 1 to 100',
    ],
    ['an architecture that is none', { architecture: 'arm' }, 'architecture must be one of arm64, x86_64'],
    ['a Python without a lock', { python: '3.10' }, 'python must be one of 3.11, 3.12, 3.13'],
    ['one zone', { availabilityZones: ['eu-central-1a'] }, 'availabilityZones must name two zones'],
    ['zones elsewhere', { availabilityZones: ['us-east-1a', 'us-east-1b'] }, 'must lie in eu-central-1'],
    ['no address', { alarmEmail: 'me' }, 'alarmEmail must be an e-mail address'],
    ['a budget that nobody hears of', { monthlyBudgetDollars: 5 }, 'Set alarmEmail too'],
    ['a region whose S3 is unknown', { region: 'eu-west-3' }, 'com.amazonaws.eu-west-3.s3'],
    ['more memory than there is', { limits: { memoryMegabytes: 2600 } }, 'raise executor.memoryMegabytes'],
    ['more disk than there is', { limits: { diskMegabytes: 4000 } }, 'executor.storageMegabytes is 4096'],
  ])('is refused in words for %s', (_, changes, message) => {
    expect(() => parse(changes)).toThrow(ConfigError);
    expect(() => parse(changes)).toThrow(message);
  });

  test('names every mistake at once, a line each', () => {
    const mistakes = { region: 1, discord: {}, colour: 'red' };
    expect(() => parse(mistakes)).toThrow(/region.*\n.*applicationId.*\n.*publicKey.*\n.*"colour"/);
  });

  test.each(['local', 'Prod', '1st', 'a'.repeat(21), '../prod', ''])(
    'cannot be for the stage "%s"',
    (stage) => {
      expect(() => parse({}, stage)).toThrow(ConfigError);
    },
  );

  test('that is anything at all is refused by ConfigError or accepted, never by another error', () => {
    fc.assert(
      fc.property(
        fc.object({ key: fc.constantFrom(...Object.keys(STAGE_FILE), 'limits', 'x') }),
        (content) => {
          try {
            parseStage('prod', content, 'prod.json');
          } catch (error) {
            expect(error).toBeInstanceOf(ConfigError);
          }
        },
      ),
    );
  });
});

describe('the clocks', () => {
  test('leave install, code and the executor 450 s and the worker a minute more', () => {
    expect(clocksOf(readLimits({}))).toEqual({
      executorSeconds: 450,
      workerSeconds: 510,
      eventAgeSeconds: 120,
      mistakes: [],
    });
  });

  test('are refused exactly where an answer could come after 14 minutes', () => {
    const within = (name: keyof Limits) => fc.integer(LIMIT_RULES[name]);
    fc.assert(
      fc.property(within('timeLimitSeconds'), within('installLimitSeconds'), (time, install) => {
        const clocks = clocksOf({ ...readLimits({}), timeLimitSeconds: time, installLimitSeconds: install });
        const tooLate = clocks.eventAgeSeconds + clocks.workerSeconds > 14 * 60;
        expect(clocks.mistakes.length > 0).toBe(tooLate);
        // Lambda's own bound.
        if (!tooLate) expect(clocks.workerSeconds).toBeLessThanOrEqual(900);
      }),
    );
  });

  test('say what to lower', () => {
    const limits = { timeLimitSeconds: 500, installLimitSeconds: 200 };
    expect(() => parse({ limits })).toThrow('together that must be at most 630 s: Discord forgets a command');
  });

  test('are checked for the local system too', () => {
    const limits = { ...readLimits({}), timeLimitSeconds: 500, installLimitSeconds: 200 };
    expect(() => checkStage(embeddedStage({ limits }))).toThrow('settings: a run may take 500 s');
  });
});

test('the local system takes any disk limit: its disk is the machine that it runs on', () => {
  const limits = { ...readLimits({}), diskMegabytes: LIMIT_RULES.diskMegabytes.max };
  expect(() => checkStage(embeddedStage({ limits }))).not.toThrow();
});

describe('finding a stage', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'slashbox-stages-'));
    writeFileSync(join(dir, 'example.json'), '{}');
    writeFileSync(join(dir, 'prod.json'), JSON.stringify(STAGE_FILE));
    writeFileSync(join(dir, 'broken.json'), '{"region": ');
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  test('reads its file', () => expect(readStage('prod', dir).stage).toBe('prod'));

  test('says which stages there are where the named one is missing', () => {
    expect(() => readStage('beta', dir)).toThrow(
      'There is no stage "beta": infra/stages/beta.json does not exist. There is broken, prod.',
    );
  });

  test('never leaves its folder', () => {
    expect(() => readStage('../../package', dir)).toThrow(ConfigError);
  });

  test('says that a file is not JSON', () => {
    expect(() => readStage('broken', dir)).toThrow('infra/stages/broken.json is not JSON');
  });

  test('does not count the example as a stage of the operator', () => {
    expect(listStages(dir)).toEqual(['broken', 'prod']);
  });
});

test('the committed example is a valid stage that sets every limit to its default', () => {
  const example = JSON.parse(readFileSync('infra/stages/example.json', 'utf8'));
  expect(readStage('example').limits).toEqual(readLimits({}));
  expect(Object.keys(example.limits).sort()).toEqual(Object.keys(LIMIT_RULES).sort());
});
