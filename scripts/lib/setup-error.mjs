// A failed set-up in words for the person at the keyboard: what happened, why, what to do.

/** Shown as one line, without a stack trace. */
export class SetupError extends Error {
  /**
   * @param {string} message
   * @param {{ cause?: unknown, exitCode?: number }} [options] exit code of the command, 1 by default
   */
  constructor(message, { exitCode = 1, ...options } = {}) {
    super(message, options);
    this.name = 'SetupError';
    this.exitCode = exitCode;
  }
}

/**
 * What installers print when something outside of them is wrong, most specific first: an installer that
 * cannot verify a certificate also says that it cannot reach the registry.
 * @type {{ pattern: RegExp, say: (what: FailureContext) => string }[]}
 */
const KNOWN_FAILURES = [
  {
    pattern: /package\.json and package-lock\.json .*in sync/i,
    say: () => 'package-lock.json does not fit package.json. Run `npm install`, and commit what it changes',
  },
  {
    pattern: /ENOSPC|no space left on device|os error 28\b|disk quota exceeded/i,
    say: ({ folder }) => `no disk space left in ${folder}. Free some and run the command again`,
  },
  {
    pattern: /EROFS|read-only file system|os error 30\b/i,
    say: ({ folder }) => `${folder} is read-only. Use a folder that you can write to`,
  },
  {
    pattern: /EACCES|EPERM|permission denied|os error 13\b/i,
    say: ({ folder }) =>
      `no permission to write in ${folder} or in the installer's cache. Mend its owner or rights`,
  },
  {
    pattern:
      /EINTEGRITY|do not match the hashes|hash mismatch|hashes? (?:are|is) required|expected.*sha(?:256|512)/i,
    say: ({ registry }) =>
      `${registry} sent something other than what the lock file names. Run again; if it stays, do not trust that source`,
  },
  {
    pattern:
      /CERTIFICATE_VERIFY_FAILED|UNABLE_TO_(?:GET_ISSUER|VERIFY)|self[- _]signed cert|CERT_HAS_EXPIRED|invalid peer certificate|SSLCertVerificationError/i,
    say: ({ registry }) =>
      `the certificate of ${registry} is not trusted. Behind a company proxy, set NODE_EXTRA_CA_CERTS and SSL_CERT_FILE to its root certificate`,
  },
  {
    pattern:
      /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|name resolution|name or service not known|nodename nor servname|failed to lookup address|dns error|connection refused|connection reset|failed to establish a new connection|max retries exceeded|connect(?:ion)? timed? ?out|read timed out|network is unreachable|error sending request|tunneling socket|ProxyError/i,
    say: ({ registry }) =>
      `${registry} cannot be reached. Check the connection (and HTTPS_PROXY) and run again: what is done stays done`,
  },
  {
    pattern: /\bE?40[13]\b|\b407\b|unauthorized|forbidden/i,
    say: ({ registry }) =>
      `${registry} refused access. Check the credentials of your registry or proxy settings`,
  },
  {
    pattern:
      /no matching distribution|no solution found|no wheels? with a matching|not a supported wheel|only-binary|does not have .*wheel/i,
    say: ({ registry }) =>
      `${registry} has no ready-made package for this machine. Supported are Linux (glibc) and macOS on x86_64 and arm64`,
  },
  {
    pattern:
      /(?:autoreconf|libtool|automake|cmake|gcc|clang|c\+\+|make)\b.*(?:not found|no such file)|xcrun: error/i,
    say: () =>
      'a compiler is missing. On macOS: xcode-select --install; brew install autoconf automake libtool cmake',
  },
];

/** @typedef {{ label: string, folder: string, registry: string }} FailureContext */

/**
 * @param {string} output everything that the installer printed
 * @param {FailureContext} context what was being done, where, and whom it asked
 * @returns {string} one line; for an unknown failure the installer's last words
 */
export function explainFailure(output, context) {
  const known = KNOWN_FAILURES.find(({ pattern }) => pattern.test(output));
  return `${context.label} failed: ${known ? known.say(context) : lastWords(output)}.`;
}

/**
 * A file-system error of our own as the same line an installer's would give.
 * @param {unknown} error
 * @param {FailureContext} context
 * @returns {SetupError | undefined} nothing when it is not about the disk: then it is a defect of ours
 */
export function explainFileError(error, context) {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM'].includes(code)) return undefined;
  return new SetupError(explainFailure(code === 'EDQUOT' ? 'ENOSPC' : code, context), { cause: error });
}

/** @param {string} output */
function lastWords(output) {
  const lines = output.split('\n').map((line) => line.trim());
  const telling = lines.filter(
    (line) => line && !/^(npm (notice|warn)|\[notice\])|a complete log of this run/i.test(line),
  );
  const line =
    telling.filter((text) => /error|failed|cannot/i.test(text)).pop() || telling.pop() || 'no reason given';
  return line.slice(0, 300).replace(/\.$/, '');
}
