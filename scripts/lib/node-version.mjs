// The one check that must run before anything else is loaded: is this Node.js new enough?
// Nothing here may use syntax that an old Node.js cannot parse, or the check could not speak.

export const MINIMUM_NODE_MAJOR = 20;

/**
 * @param {string} version as in `process.versions.node`, for example `20.11.1`
 * @returns {string | undefined} what to tell the person, nothing when all is well
 */
export function nodeProblem(version) {
  const major = Number(version.split('.')[0]);
  if (major >= MINIMUM_NODE_MAJOR) return undefined;
  return (
    `Slashbox needs Node.js ${MINIMUM_NODE_MAJOR} or newer, this is ${version}. ` +
    'Install a current one (https://nodejs.org or your package manager) and run the command again.'
  );
}
