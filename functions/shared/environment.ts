/** Reads a variable that a function cannot work without. Only handlers call this. */

/** @throws Error naming the variable: a mistake in the deployment, seen in the function's log */
export function required(name: string, environment: NodeJS.ProcessEnv = process.env): string {
  const value = environment[name];
  if (!value) throw new Error(`The environment variable ${name} is not set; the deployment should set it.`);
  return value;
}
