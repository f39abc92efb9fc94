/** Builds the package environment that a stage's first deploy publishes, by layers/approved/build.py. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { StageConfig } from '../../../infra/config.ts';
import { OperatorError } from '../arguments.ts';
import { setupPaths } from '../paths.mjs';
import { indexEnvironment } from '../python-environments.mjs';
import { runProgram } from '../run-program.ts';
import type { PackagesPort } from './deploy-stage.ts';

/** The core layer and the small bundles: what a new stage starts with. */
const CONTENT = '--small';

/** @param root the project's folder, set up with `tools` and `executor` */
export function createPackages({ python, architecture }: StageConfig, root: string): PackagesPort {
  const paths = setupPaths(root);
  const program = paths.python('executor');
  const options = { cwd: root, env: indexEnvironment(paths, process.env) };
  const build = [
    join(root, 'layers', 'approved', 'build.py'),
    ...['--python', python],
    ...['--arch', architecture === 'arm64' ? 'aarch64' : architecture],
    CONTENT,
  ];
  return {
    async identify() {
      const { stdout } = await promisify(execFile)(program, [...build, '--print-id'], options).catch(
        (error: Error & { stderr?: string }) => {
          throw new OperatorError(
            `the package environment cannot be built: ${error.stderr?.trim() || error.message}`,
          );
        },
      );
      return stdout.trim();
    },

    async build(id) {
      const folder = join(paths.packageEnvironments, id);
      const { problem, interrupted } = await runProgram(
        program,
        [...build, '--uv', paths.uv, '--out', folder],
        options,
      );
      if (interrupted) throw new OperatorError('interrupted. Run the same command again to go on.');
      if (problem)
        throw new OperatorError(`building the package environment failed (${problem}); see above.`);
      return { id, folder };
    },
  };
}
