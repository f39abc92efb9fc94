/** Fetches what a Lambda function needs of the package index, for its machine and not for this one. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ARCHITECTURES, PYTHON_VERSIONS } from '../../infra/config.ts';
import { OperatorError } from './arguments.ts';
import type { SetupPaths } from './paths.mjs';
import { indexEnvironment } from './python-environments.mjs';

export interface WheelOptions {
  readonly paths: SetupPaths;
  /** What it is, for a message. */
  readonly name: string;
  /** A file of hashed requirements; nothing else is installed. */
  readonly lock: string;
  readonly architecture: (typeof ARCHITECTURES)[number];
  readonly python: (typeof PYTHON_VERSIONS)[number];
  /** Folder that it is unpacked into. */
  readonly target: string;
}

/** @throws OperatorError where the package index cannot be reached, or has something else than the lock says */
export async function fetchWheels(options: WheelOptions): Promise<void> {
  const { paths, name, lock, architecture, python, target } = options;
  const machine = architecture === 'arm64' ? 'aarch64' : architecture;
  const install = [
    ...['pip', 'install', '--quiet', '--no-progress', '--target', target],
    ...['--no-deps', '--require-hashes', '--only-binary', ':all:', '--python', paths.python('tools')],
    ...['--python-platform', `${machine}-manylinux_2_28`, '--python-version', python],
    ...['-r', lock],
  ];
  try {
    await promisify(execFile)(paths.uv, install, { env: indexEnvironment(paths, process.env) });
  } catch (error) {
    const { stderr = '' } = error as { readonly stderr?: string };
    throw new OperatorError(
      `${name} for ${architecture} could not be fetched from the package index: ${stderr.trim().split('\n').at(-1) || error}`,
    );
  }
}
