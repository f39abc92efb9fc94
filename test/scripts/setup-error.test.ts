import { describe, expect, it } from 'vitest';
import { nodeProblem } from '../../scripts/lib/node-version.mjs';
import { explainFailure, explainFileError, SetupError } from '../../scripts/lib/setup-error.mjs';

const CONTEXT = { label: 'Node packages', folder: '/project', registry: 'the npm registry' };
const explain = (output: string) => explainFailure(output, CONTEXT);

describe('explainFailure', () => {
  it.each([
    [
      'npm, no name service',
      'npm error code EAI_AGAIN\nnpm error request to https://r/x failed',
      /cannot be reached/,
    ],
    ['npm, nobody listens', 'npm error code ECONNREFUSED\nnpm error errno ECONNREFUSED', /cannot be reached/],
    [
      'pip, no name service',
      'WARNING: Retrying (Retry(total=0)) after connection broken by NewConnectionError: [Errno -3] Temporary failure in name resolution\nERROR: No matching distribution found for uv==0.13.9',
      /cannot be reached/,
    ],
    [
      'uv, no network',
      'error: Request failed after 3 retries\n  Caused by: Failed to fetch: `https://pypi.org/simple/six/`\n  Caused by: error sending request for url\n  Caused by: client error (Connect)\n  Caused by: dns error: failed to lookup address information: Name or service not known',
      /cannot be reached/,
    ],
    [
      'npm, full disk',
      'npm error code ENOSPC\nnpm error nospc ENOSPC: no space left on device, write',
      /no disk space left in \/project/,
    ],
    [
      'pip, full disk',
      'ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device',
      /no disk space/,
    ],
    [
      'uv, full disk',
      'error: failed to write to `x`: No space left on device (os error 28)',
      /no disk space/,
    ],
    [
      'npm, read-only',
      "npm error code EROFS\nnpm error EROFS: read-only file system, mkdir 'node_modules'",
      /is read-only/,
    ],
    ['npm, rights', 'npm error code EACCES\nnpm error syscall mkdir', /no permission/],
    [
      'npm, tampered',
      'npm error code EINTEGRITY\nnpm error sha512-a integrity checksum failed',
      /other than what the lock/,
    ],
    [
      'pip, tampered',
      'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.',
      /other than what the lock/,
    ],
    [
      'uv, tampered',
      '× Failed to download `six==1.17.0`\n╰─▶ Hash mismatch for `six==1.17.0`\n Expected:\n sha256:00',
      /other than what the lock/,
    ],
    [
      'a proxy that breaks TLS open',
      'Retrying after connection broken by SSLError(SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED]")): Max retries exceeded',
      /certificate of the npm registry is not trusted.*SSL_CERT_FILE/,
    ],
    [
      'npm, private registry',
      'npm error code E401\nnpm error Incorrect or missing password.',
      /refused access/,
    ],
    [
      'no wheel for this machine',
      '× No solution found when resolving dependencies:\n╰─▶ Because awslambdaric==4.2.2 has no wheels with a matching platform tag',
      /no ready-made package for this machine/,
    ],
  ])('%s', (_, output, words) => {
    expect(explain(output)).toMatch(words);
    expect(explain(output)).toMatch(/^Node packages failed: [^\n]*\.$/);
  });

  it('tells a developer whose lock is out of date what to do', () => {
    const said =
      'npm error code EUSAGE\nnpm error\nnpm error `npm ci` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json are in sync. Please update';
    expect(explain(said)).toMatch(/does not fit package\.json\. Run `npm install`/);
  });

  it("shows the installer's last telling words when it knows no better", () => {
    expect(
      explain(
        'npm notice new version\nnpm error something odd\nnpm error A complete log of this run is in x\nnpm notice bye\n',
      ),
    ).toBe('Node packages failed: npm error something odd.');
    expect(explain('')).toBe('Node packages failed: no reason given.');
    expect(explain('x'.repeat(10_000)).length).toBeLessThan(400);
  });
});

describe('explainFileError', () => {
  it("words the disk's errors and leaves others alone", () => {
    const error = (code: string) => Object.assign(new Error('x'), { code });
    expect(explainFileError(error('EROFS'), CONTEXT)).toBeInstanceOf(SetupError);
    expect(explainFileError(error('EDQUOT'), CONTEXT)?.message).toMatch(/no disk space/);
    expect(explainFileError(error('ENOENT'), CONTEXT)).toBeUndefined();
    expect(explainFileError(new TypeError('x'), CONTEXT)).toBeUndefined();
  });
});

describe('nodeProblem', () => {
  it('has nothing to say from Node.js 20 on', () => {
    expect(['20.0.0', '24.1.0', '100.0.0'].map(nodeProblem)).toEqual([undefined, undefined, undefined]);
  });
  it('says which one is there and which is needed', () => {
    expect(nodeProblem('18.19.1')).toMatch(/needs Node\.js 20 or newer, this is 18\.19\.1\. Install/);
  });
});
