// Starts one of the project's commands: sets up what it needs, then runs its TypeScript in this same process, so
// that signals, standard input and exit codes are the command's own. `npm run NAME -- ARGUMENTS` calls it.
import { nodeProblem } from './lib/node-version.mjs';

/**
 * @typedef {import('./setup.mjs').Part} Part
 * @type {Record<string, Part[]>}
 */
const NEEDS = {
  start: ['node', 'cloud', 'executor', 'packages'],
  test: ['node', 'cloud', 'executor', 'dev', 'bundles'],
  check: ['node', 'dev'],
  format: ['node', 'dev'],
  exec: ['node', 'executor', 'packages'],
  bench: ['node', 'tools', 'executor', 'bundles'],
  deploy: ['node', 'tools', 'executor'],
  register: ['node'],
  cleanup: ['node'],
  rebuild: ['node', 'tools'],
  rollback: ['node'],
  destroy: ['node'],
};

const problem = nodeProblem(process.versions.node);
if (problem) fail(problem, 1);
const [runtime, , command = '', ...args] = process.argv;
const need = NEEDS[command];
if (!need) fail(`Say what to run: ${Object.keys(NEEDS).join(', ')}.`, 2);

// The AWS SDK announces that it will drop Node 20 in 2027; whoever starts Slashbox can do nothing with that.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

// Loaded only now: an old Node.js could not even parse them.
const { ensureSetup } = await import('./setup.mjs');
const { SetupError } = await import('./lib/setup-error.mjs');
try {
  await ensureSetup({ need });
} catch (error) {
  if (error instanceof SetupError) fail(error.message, error.exitCode);
  throw error;
}
const script = new URL(`./${command}.ts`, import.meta.url);
process.argv = [String(runtime), decodeURIComponent(script.pathname), ...args];
// Processes that the command forks run TypeScript too.
process.execArgv.push('--import', import.meta.resolve('tsx'));
const { register } = await import('tsx/esm/api');
register();
await import(script.href);

/**
 * @param {string} message
 * @param {number} exitCode
 * @returns {never}
 */
function fail(message, exitCode) {
  process.stderr.write(`${message}\n`);
  process.exit(exitCode);
}
