// The environment variables that installers get: the caller's, without those that would change what is
// installed, and with pip's index settings told to uv as well.
import { spawnSync } from 'node:child_process';
import os from 'node:os';

/** How to reach an index is the caller's business; where else to look, or what to build, is not. */
const KEPT = [
  /^PIP_(CERT|CLIENT_CERT|INDEX_URL|EXTRA_INDEX_URL|TRUSTED_HOST|PROXY|CACHE_DIR|CONFIG_FILE)$/,
  /^PIP_(TIMEOUT|DEFAULT_TIMEOUT|RETRIES|KEYRING_PROVIDER)$/,
  /^UV_(DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL|INSECURE_HOST|KEYRING_PROVIDER|CACHE_DIR)$/,
  /^UV_(INDEX_.+_(USERNAME|PASSWORD)|NATIVE_TLS|SYSTEM_CERTS|HTTP_.+|CONCURRENT_.+)$/,
];
const FILTERED = /^(PIP_|UV_|PYTHON|VIRTUAL_ENV|CONDA_|__PYVENV)/;

/**
 * @param {NodeJS.ProcessEnv} env the caller's
 * @returns {NodeJS.ProcessEnv}
 */
export function installerEnvironment(env) {
  const kept = Object.entries(env).filter(
    ([name]) => !FILTERED.test(name) || KEPT.some((pattern) => pattern.test(name)),
  );
  return { ...Object.fromEntries(kept), PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_NO_INPUT: '1' };
}

/**
 * Reads pip's configuration files once, so that a company's index and certificates hold for uv too, and then
 * switches the files off: `find-links` or `no-index` in them must not decide what is installed.
 * @param {string} python one that has pip
 * @param {NodeJS.ProcessEnv} env from `installerEnvironment`
 * @returns {NodeJS.ProcessEnv}
 */
export function withPipConfiguration(python, env) {
  const { stdout } = spawnSync(python, ['-m', 'pip', 'config', 'list'], { env, encoding: 'utf8' });
  const settings = readPipConfiguration(stdout || '');
  const pip = Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`PIP_${name.toUpperCase().replace(/-/g, '_')}`, value]),
  );
  /** @type {NodeJS.ProcessEnv} */
  const uv = {};
  if (!env.UV_DEFAULT_INDEX && !env.UV_INDEX_URL) uv.UV_DEFAULT_INDEX = settings['index-url'];
  if (!env.UV_INDEX && !env.UV_EXTRA_INDEX_URL) uv.UV_INDEX = settings['extra-index-url'];
  if (!env.UV_INSECURE_HOST) uv.UV_INSECURE_HOST = settings['trusted-host'];
  if (!env.SSL_CERT_FILE) uv.SSL_CERT_FILE = settings.cert;
  if (!env.HTTPS_PROXY && !env.https_proxy) uv.HTTPS_PROXY = settings.proxy;
  const set = Object.entries(uv).filter(([, value]) => value !== undefined);
  return { ...env, ...pip, PIP_CONFIG_FILE: os.devNull, ...Object.fromEntries(set) };
}

const INDEX_SETTINGS = ['index-url', 'extra-index-url', 'trusted-host', 'cert', 'client-cert', 'proxy'];
/** Later ones win, as with pip. */
const SECTIONS = ['global', 'install', ':env:'];

/**
 * @param {string} text of `pip config list`: lines such as `global.index-url='https://…'`
 * @returns {Record<string, string>} the index settings by name; several values are separated by blanks
 */
export function readPipConfiguration(text) {
  /** @type {Record<string, string>} */
  const settings = {};
  for (const section of SECTIONS) {
    for (const line of text.split('\n')) {
      const match = /^([^=]+)\.([a-z-]+)=(['"])(.*)\3$/.exec(line.trim());
      const [, found, name = '', , value = ''] = match || [];
      if (found !== section || !INDEX_SETTINGS.includes(name)) continue;
      settings[name] = value.replace(/\\n/g, ' ').trim().replace(/\s+/g, ' ');
    }
  }
  return settings;
}
