/** A package index on loopback: wheels made on the spot, found as uv finds those of PyPI (PEP 503). */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { zipOf } from './tenant-function.ts';

export interface Release {
  readonly name: string;
  readonly version: string;
  /** Of the module of the same name. */
  readonly source: string;
  readonly requires?: readonly string[];
}

export interface WheelIndex {
  /** What `UV_DEFAULT_INDEX` has to be. */
  readonly url: string;
  publish(release: Release): void;
  withdraw(name: string, version: string): void;
  /** A hashed lock of these releases, as `uv pip compile` writes it. */
  lockOf(releases: readonly Release[]): string;
  /** Writes the wheels as files, for `--find-links`. */
  writeTo(folder: string): Promise<void>;
  close(): Promise<void>;
}

export async function startWheelIndex(): Promise<WheelIndex> {
  const wheels = new Map<string, Uint8Array>();
  const server = createServer((request, response) => {
    const [, kind, name = ''] = (request.url ?? '').split('/');
    const wheel = kind === 'files' ? wheels.get(name) : undefined;
    if (wheel) return response.end(wheel);
    const files = [...wheels.keys()].filter((file) => kind === 'simple' && file.startsWith(`${name}-`));
    if (!files.length) return response.writeHead(404).end();
    const links = files.map(
      (file) => `<a href="/files/${file}#sha256=${sha256(wheels.get(file))}">${file}</a>`,
    );
    response.writeHead(200, { 'content-type': 'text/html' }).end(links.join('\n'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/simple`,
    publish: (release) => void wheels.set(fileOf(release.name, release.version), wheelOf(release)),
    withdraw: (name, version) => void wheels.delete(fileOf(name, version)),
    lockOf: (releases) =>
      releases
        .map(({ name, version }) => {
          const hash = sha256(wheels.get(fileOf(name, version)));
          const via = releases.filter(({ requires = [] }) => requires.includes(name));
          return `${name}==${version} \\\n    --hash=sha256:${hash}\n${via.map((one) => `    # via ${one.name}\n`).join('')}`;
        })
        .join(''),
    async writeTo(folder) {
      await mkdir(folder, { recursive: true });
      for (const [file, wheel] of wheels) await writeFile(join(folder, file), wheel);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const fileOf = (name: string, version: string) => `${name}-${version}-py3-none-any.whl`;
const sha256 = (data: Uint8Array = new Uint8Array()) => createHash('sha256').update(data).digest('hex');

function wheelOf({ name, version, source, requires = [] }: Release): Uint8Array {
  const info = `${name}-${version}.dist-info`;
  const files = {
    [`${name}/__init__.py`]: source,
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n${requires.map((one) => `Requires-Dist: ${one}\n`).join('')}`,
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
  };
  const record = [...Object.keys(files), `${info}/RECORD`].map((path) => `${path},,\n`).join('');
  return zipOf({ ...files, [`${info}/RECORD`]: record });
}
