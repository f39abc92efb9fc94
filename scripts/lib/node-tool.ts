/** The file behind a command of an installed npm package, to run it with this Node.js and without npx. */
import fs from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from './paths.mjs';

/** @returns the program and its first argument; append the tool's own */
export function nodeTool(packageName: string, command = packageName): [string, string] {
  const folder = path.join(PROJECT_ROOT, 'node_modules', packageName);
  const { bin } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
    bin: string | Record<string, string>;
  };
  const file = typeof bin === 'string' ? bin : bin[command];
  if (file === undefined) throw new Error(`${packageName} has no command ${command}`);
  return [process.execPath, path.join(folder, file)];
}
