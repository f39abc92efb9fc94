/** Removes what a run may have left: trees deeper than a path can be long, folders without permissions. */
import { spawn } from 'node:child_process';

/** Never fails: what cannot be removed is removed at the next start, or said to be in the way there. */
export async function removeTree(path: string): Promise<void> {
  if (await run('/bin/rm', '-rf', '--', path)) return;
  await run('/bin/chmod', '-R', 'u+rwX', path);
  await run('/bin/rm', '-rf', '--', path);
}

/** @returns whether it went well */
function run(program: string, ...args: string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'ignore' });
    child.once('error', () => resolve(false));
    child.once('close', (code) => resolve(code === 0));
  });
}
