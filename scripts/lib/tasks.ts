/** Runs several programs side by side, keeps what they say, and shows it whole when they fail. */
import { spawn } from 'node:child_process';

export interface Task {
  readonly name: string;
  /** A program with its arguments, or a function that gives its complaints, none when all is well. */
  readonly run: readonly [string, ...string[]] | (() => readonly string[]);
}

export interface TaskOutcome {
  readonly name: string;
  readonly ok: boolean;
  readonly output: string;
  readonly seconds: number;
}

/**
 * @param width how many run at a time
 * @param onEnd called as each ends, in that order
 * @returns the outcomes, in the order of `tasks`
 */
export async function runTasks(
  tasks: readonly Task[],
  cwd: string,
  width: number,
  onEnd: (outcome: TaskOutcome) => void,
): Promise<TaskOutcome[]> {
  const outcomes: TaskOutcome[] = [];
  const queue = [...tasks.entries()];
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [index, task] = next;
      const outcome = await runTask(task, cwd);
      outcomes[index] = outcome;
      onEnd(outcome);
    }
  };
  await Promise.all(Array.from({ length: width }, work));
  return outcomes;
}

async function runTask({ name, run }: Task, cwd: string): Promise<TaskOutcome> {
  const started = performance.now();
  const { ok, output } = typeof run === 'function' ? complaintsOf(run) : await outputOf(run, cwd);
  return { name, ok, output, seconds: (performance.now() - started) / 1000 };
}

function complaintsOf(run: () => readonly string[]): { ok: boolean; output: string } {
  const complaints = run();
  return { ok: complaints.length === 0, output: complaints.join('\n') };
}

function outputOf([program, ...args]: readonly [string, ...string[]], cwd: string) {
  return new Promise<{ ok: boolean; output: string }>((resolve) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => chunks.push(text));
    }
    child.once('error', (error) => resolve({ ok: false, output: `cannot be started: ${error.message}` }));
    child.once('close', (code) => resolve({ ok: code === 0, output: chunks.join('').trimEnd() }));
  });
}
