import { describe, expect, it } from 'vitest';
import { installerEnvironment, readPipConfiguration } from '../../scripts/lib/installer-environment.mjs';

describe('installerEnvironment', () => {
  it('drops what would change what is installed', () => {
    const names = ['PIP_FIND_LINKS', 'PIP_NO_INDEX', 'PIP_TARGET', 'PIP_USER', 'PIP_REQUIRE_VIRTUALENV'];
    names.push('UV_FIND_LINKS', 'UV_NO_INDEX', 'UV_SYSTEM_PYTHON', 'UV_PYTHON', 'UV_EXCLUDE_NEWER');
    names.push('PYTHONPATH', 'PYTHONHOME', 'PYTHONDONTWRITEBYTECODE', 'VIRTUAL_ENV', 'CONDA_PREFIX');
    const left = installerEnvironment(Object.fromEntries(names.map((name) => [name, 'x'])));
    expect(Object.keys(left).filter((name) => names.includes(name))).toEqual([]);
  });

  it('keeps how to reach the index', () => {
    const env = Object.fromEntries(
      [
        'PIP_INDEX_URL',
        'PIP_CERT',
        'PIP_PROXY',
        'UV_DEFAULT_INDEX',
        'UV_INDEX_WORK_PASSWORD',
        'SSL_CERT_FILE',
      ]
        .concat('HTTPS_PROXY', 'NODE_EXTRA_CA_CERTS', 'PATH', 'HOME', 'npm_config_registry')
        .map((name) => [name, 'x']),
    );
    expect(installerEnvironment(env)).toMatchObject(env);
  });
});

describe('readPipConfiguration', () => {
  it('takes index settings only, the more special section over the general one', () => {
    const text = [
      ":env:.index-url='https://from-env/simple'",
      "global.cert='/etc/ca.pem'",
      "global.find-links='/wheels'",
      "global.index-url='https://general/simple'",
      "global.no-index='true'",
      "install.extra-index-url='\\nhttps://one/\\nhttps://two/'",
      "install.index-url='https://special/simple'",
    ].join('\n');
    expect(readPipConfiguration(text)).toEqual({
      cert: '/etc/ca.pem',
      'extra-index-url': 'https://one/ https://two/',
      'index-url': 'https://from-env/simple',
    });
    expect(readPipConfiguration('')).toEqual({});
    expect(readPipConfiguration('no settings here')).toEqual({});
  });
});
