/** Builds single bundles into the environment that set-up made, with the build that made it. */
import { z } from 'zod';
import { bundlesCommand } from '../../scripts/lib/package-environment.mjs';
import type { SetupPaths } from '../../scripts/lib/paths.mjs';
import { indexEnvironment } from '../../scripts/lib/python-environments.mjs';
import { BundleSchema } from '../../scripts/lib/seed-environment.ts';
import { type KeptProcess, startKept } from '../process/kept-process.ts';
import { onLines } from '../process/lines.ts';
import type { Bundles } from './first-use.ts';

export interface BundleBuilder {
  /** @throws with the build's last words, for whoever waits; what it finished stays */
  build(distribution: string, tell: (progress: string) => void): Promise<Bundles>;
  /** Ends what is being built; what is finished stays. */
  close(): Promise<void>;
}

export interface BundleBuilderOptions {
  readonly paths: SetupPaths;
  /** The environment's folder. */
  readonly folder: string;
  /** How this machine reaches its package index. */
  readonly env: NodeJS.ProcessEnv;
  /** Gets the whole of what went wrong. */
  readonly onProblem?: (problem: string) => void;
}

const GRACE_SECONDS = 5;
const SAID = /^\[packages\] (error: )?(.*)$/;
/** The installer's own words, for whoever runs this machine. */
const DETAIL = / \[uv: .*$/;
const AnswerSchema = z.object({ bundles: z.record(z.string(), BundleSchema) });

export function createBundleBuilder(options: BundleBuilderOptions): BundleBuilder {
  const { paths, folder, env, onProblem } = options;
  let running: KeptProcess | undefined;
  let closed = false;
  return {
    async build(distribution, tell) {
      if (closed) throw new Error('Slashbox is stopping');
      const kept = startKept({
        python: paths.python('executor'),
        command: bundlesCommand(paths, folder, distribution),
        cwd: paths.root,
        environment: withoutUndefined(indexEnvironment(paths, env)),
        graceSeconds: GRACE_SECONDS,
      });
      running = kept;
      let answer = '';
      let problem = 'the build ended without saying why';
      onLines(kept.stdout, (line) => {
        answer += line;
      });
      onLines(kept.stderr, (line) => {
        const [, isError, said = ''] = SAID.exec(line) ?? [];
        if (isError) problem = said;
        else if (said) tell(said);
      });
      const { code, signal } = await kept.ended;
      running = undefined;
      if (code === 0) return AnswerSchema.parse(JSON.parse(answer)).bundles;
      if (signal || closed) throw new Error('the build was stopped');
      onProblem?.(problem);
      throw new Error(problem.replace(DETAIL, ''));
    },

    async close() {
      closed = true;
      await running?.end();
    },
  };
}

const withoutUndefined = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
