import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runTasks } from '../../scripts/lib/tasks.ts';
import { waitFor } from './support/wait-for.ts';

const fileOf = (name: string) => fileURLToPath(new URL(`../../scripts/${name}`, import.meta.url));
const NODE = process.execPath;

describe('runTasks', () => {
  const tasks = [
    { name: 'good', run: [NODE, '-e', "console.log('quiet')"] as const },
    { name: 'bad', run: [NODE, '-e', "console.log('out'); console.error('err'); process.exit(3)"] as const },
    { name: 'absent', run: ['no-such-program'] as const },
    { name: 'content', run: () => [] },
    { name: 'unhappy', run: () => ['one', 'two'] },
  ];

  it('gives the outcomes in order, with what was said', async () => {
    const ended: string[] = [];
    const outcomes = await runTasks(tasks, '.', 2, ({ name }) => void ended.push(name));
    expect(outcomes.map(({ name, ok }) => [name, ok])).toEqual([
      ['good', true],
      ['bad', false],
      ['absent', false],
      ['content', true],
      ['unhappy', false],
    ]);
    expect(outcomes[1]?.output.split('\n').sort()).toEqual(['err', 'out']);
    expect(outcomes[2]?.output).toMatch(/^cannot be started: .*no-such-program/);
    expect(outcomes[4]?.output).toBe('one\ntwo');
    expect(ended.sort()).toEqual(tasks.map(({ name }) => name).sort());
  });
});

describe('runProgram', () => {
  const start = (script: string) => {
    const source = `
      import { runProgram } from ${JSON.stringify(fileOf('lib/run-program.ts'))};
      const end = await runProgram(process.execPath, ['-e', ${JSON.stringify(script)}], { cwd: '.', env: process.env });
      console.log(JSON.stringify(end));`;
    const child = spawn(NODE, ['--import', 'tsx', '--input-type=module', '-e', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    return { child, said: () => said };
  };

  it.each([
    ["console.log('hello')", { interrupted: false }, 'hello\n'],
    ['process.exit(3)', { problem: 'exit code 3', interrupted: false }, ''],
    ["process.kill(process.pid, 'SIGKILL')", { problem: 'ended by SIGKILL', interrupted: false }, ''],
  ])('tells how %s ended, after its output', async (script, end, output) => {
    const { child, said } = start(script);
    await once(child, 'close');
    expect(said()).toBe(`${output}${JSON.stringify(end)}\n`);
  });

  it('passes SIGTERM on and waits for the end', async () => {
    const script = `
      process.on('SIGTERM', () => { console.log('ending'); process.exit(0); });
      setInterval(() => {}, 1000);
      console.log('ready');`;
    const { child, said } = start(script);
    await waitFor(() => said() === 'ready\n');
    child.kill('SIGTERM');
    await once(child, 'close');
    expect(said()).toBe('ready\nending\n{"interrupted":true}\n');
  });
});

describe('the commands', () => {
  it('are the same in package.json, in the launcher and on disk', () => {
    const { scripts } = JSON.parse(fs.readFileSync(fileOf('../package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const { stderr } = run('run.mjs');
    expect(Object.keys(scripts).join(', ')).toBe(/^Say what to run: (.*)\.\n$/.exec(stderr)?.[1]);
    for (const [name, script] of Object.entries(scripts)) {
      expect(script).toBe(`exec node scripts/run.mjs ${name}`);
      expect(fs.existsSync(fileOf(`${name}.ts`)), name).toBe(true);
    }
  });

  const run = (script: string, ...args: string[]) =>
    spawnSync(NODE, [fileOf(script), ...args], { encoding: 'utf8' });

  it('name each other when asked for an unknown one', () => {
    const { status, stderr } = run('run.mjs', 'strat');
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/^Say what to run: start, test, check, .*\n$/),
    ]);
  });

  it('set-up refuses a part that does not exist', () => {
    const { status, stderr } = run('setup.mjs', 'clod');
    expect([status, stderr]).toEqual([
      1,
      'There is no part "clod": choose from node, tools, cloud, executor, dev, packages, bundles.\n',
    ]);
  });

  it.each([
    [['--watch'], /takes parts of test files' paths, not options: --watch/],
    [['no/such/test'], /No test file's path holds no\/such\/test\./],
  ])('npm test refuses %s', (args, words) => {
    const { status, stderr, stdout } = spawnSync(NODE, ['--import', 'tsx', fileOf('test.ts'), ...args], {
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(words);
  });
});
