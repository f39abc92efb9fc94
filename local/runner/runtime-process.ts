/** Starts a function's process with what Lambda would give it, and nothing of this machine's environment. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type KeptProcess, startKept } from '../process/kept-process.ts';
import type { FunctionFolders, FunctionState } from './function-store.ts';
import type { RoleSession } from './role-sessions.ts';

export interface RuntimeProcessOptions {
  /** The Python that has awslambdaric. */
  readonly python: string;
  readonly region: string;
  readonly state: FunctionState;
  readonly folders: FunctionFolders;
  readonly session: RoleSession;
  /** The environment's own `/tmp`. */
  readonly tmp: string;
  /** Of the Runtime API; a secret. */
  readonly address: string;
}

const SERVE = fileURLToPath(new URL('serve.py', import.meta.url));

export function startRuntime({
  python,
  region,
  state,
  folders,
  session,
  tmp,
  address,
}: RuntimeProcessOptions): KeptProcess {
  return startKept({
    python,
    command: [python, '-u', SERVE, state.handler],
    cwd: folders.taskRoot,
    environment: { ...state.environment, ...reserved(python, region, state, folders, tmp), ...session },
    // Lambda does not ask either: an environment that is done with is killed.
    graceSeconds: 0,
    handover: address,
  });
}

/** docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html, "Defined runtime environment variables". */
function reserved(
  python: string,
  region: string,
  state: FunctionState,
  { taskRoot, layerRoot }: FunctionFolders,
  tmp: string,
): Record<string, string> {
  const libraries = join(layerRoot, 'lib');
  return {
    PATH: [dirname(python), '/usr/local/bin', '/usr/bin', '/bin', join(layerRoot, 'bin')].join(delimiter),
    ...(existsSync(libraries) && { LD_LIBRARY_PATH: libraries }),
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    TMPDIR: tmp,
    _HANDLER: state.handler,
    LAMBDA_TASK_ROOT: taskRoot,
    LAMBDA_RUNTIME_DIR: dirname(SERVE),
    // `/opt` is one place for all environments, which several processes of one machine cannot have.
    SLASHBOX_LAYER_ROOT: layerRoot,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${state.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: state.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(state.memoryMegabytes),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_FORMAT: state.logFormat === 'JSON' ? 'JSON' : 'Text',
    AWS_LAMBDA_LOG_GROUP_NAME: state.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: `${new Date().toISOString().slice(0, 10).replaceAll('-', '/')}/[$LATEST]${randomBytes(16).toString('hex')}`,
  };
}
