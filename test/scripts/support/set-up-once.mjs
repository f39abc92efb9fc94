// Sets up the project named on the command line, as a command would: run as a process of its own by the tests.
import { ensureSetup } from '../../../scripts/setup.mjs';

const [root, ...need] = process.argv.slice(2);
try {
  await ensureSetup({ root, need: /** @type {import('../../../scripts/setup.mjs').Part[]} */ (need) });
} catch (error) {
  if (!(error instanceof Error && 'exitCode' in error)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = Number(error.exitCode);
}
