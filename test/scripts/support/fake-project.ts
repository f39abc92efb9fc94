/**
 * A project to set up in which npm, Python and uv are small scripts: they write down how they were called, do
 * what a set-up looks at afterwards, and fail, wait or complain when told to.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export interface FakeProject {
  readonly root: string;
  /** PATH and HOME lead to nothing but the fakes and the system's shell. */
  readonly env: NodeJS.ProcessEnv;
  /** One line per call, oldest first: `npm ci …`, `python -m pip …`, `uv venv …`. */
  calls(): string[];
  /** Environment variables of the last call of a fake. */
  lastEnvironment(fake: 'npm' | 'python' | 'uv'): Record<string, string>;
  /** From now on, calls whose line holds `part` print `output` on stderr and exit with 1. */
  failOn(part: string, output: string): void;
  /** From now on, calls whose line holds `part` wait until `release` is called; their pid is in `waiting`. */
  holdOn(part: string): { readonly waiting: string; release(): void };
  mend(): void;
  write(file: string, text: string): void;
  remove(): void;
}

/** What each fake does first: note the call, then fail or wait if told to. `$line` is the call. */
const PREAMBLE = String.raw`
printf '%s\n' "$line" >> "$FAKES/calls"
env > "$FAKES/env.$name"
if [ -f "$FAKES/fail.part" ]; then
  case "$line" in *"$(cat "$FAKES/fail.part")"*) cat "$FAKES/fail.output" >&2; exit 1;; esac
fi
if [ -f "$FAKES/hold.part" ]; then
  case "$line" in *"$(cat "$FAKES/hold.part")"*)
    trap 'exit 143' TERM
    echo $$ > "$FAKES/hold.waiting.new"; mv "$FAKES/hold.waiting.new" "$FAKES/hold.waiting"
    while [ ! -f "$FAKES/hold.release" ]; do sleep 0.05; done;;
  esac
fi
`;

const UV = `#!/bin/sh
name=uv line="uv $*"
${PREAMBLE}
last() { for each; do :; done; printf '%s' "$each"; }
if [ "$1" = venv ]; then mkdir -p "$(last "$@")/bin"; echo > "$(last "$@")/bin/python"; fi
`;

const PYTHON_IN_TOOLS = `#!/bin/sh
name=python line="python $*"
case "$*" in *"pip config list"*) cat "$FAKES/pip.conf" 2>/dev/null; exit 0;; esac
${PREAMBLE}
cp "$FAKES/uv" "$(dirname "$0")/uv"
`;

const PYTHON = `#!/bin/sh
name=python line="python $*"
case "$*" in *importlib.util*) cat "$FAKES/probe.json"; exit 0;; esac
${PREAMBLE}
for folder; do :; done
mkdir -p "$folder/bin"
cp "$FAKES/python-in-tools" "$folder/bin/python"
`;

const NPM = `#!/bin/sh
name=npm line="npm $*"
${PREAMBLE}
rm -rf node_modules
mkdir node_modules
cp package-lock.json node_modules/.package-lock.json
`;

/** @param version of the fake Python */
export function createFakeProject(version = '3.12.4'): FakeProject {
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'slashbox-setup-')));
  const fakes = path.join(root, 'fakes');
  const inFakes = (file: string) => path.join(fakes, file);
  const script = (file: string, text: string) => fs.writeFileSync(inFakes(file), text, { mode: 0o755 });
  const read = (file: string) => (fs.existsSync(inFakes(file)) ? fs.readFileSync(inFakes(file), 'utf8') : '');
  fs.mkdirSync(inFakes('bin'), { recursive: true });
  fs.mkdirSync(path.join(root, 'local', 'python'), { recursive: true });
  for (const name of ['tools', 'cloud', 'executor', 'dev']) {
    fs.writeFileSync(path.join(root, 'local', 'python', `${name}.txt`), `${name}==1 --hash=sha256:00\n`);
  }
  fs.writeFileSync(path.join(root, 'package-lock.json'), JSON.stringify({ packages: { '': {} } }));
  script('bin/npm', NPM);
  script('bin/python3', PYTHON);
  script('python-in-tools', PYTHON_IN_TOOLS);
  script('uv', UV);
  fs.writeFileSync(inFakes('probe.json'), probeAnswer({ executable: inFakes('bin/python3'), version }));

  return {
    root,
    env: { PATH: `${inFakes('bin')}:/usr/bin:/bin`, HOME: root, FAKES: fakes, SLASHBOX_PYTHON: 'python3' },
    calls: () => read('calls').split('\n').filter(Boolean),
    lastEnvironment: (fake) =>
      Object.fromEntries(
        read(`env.${fake}`)
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      ),
    failOn(part, output) {
      fs.writeFileSync(inFakes('fail.output'), output);
      fs.writeFileSync(inFakes('fail.part'), part);
    },
    holdOn(part) {
      fs.writeFileSync(inFakes('hold.part'), part);
      return {
        waiting: inFakes('hold.waiting'),
        release: () => fs.writeFileSync(inFakes('hold.release'), ''),
      };
    },
    mend() {
      for (const file of ['fail.part', 'hold.part', 'hold.waiting'])
        fs.rmSync(inFakes(file), { force: true });
    },
    write(file, text) {
      fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
      fs.writeFileSync(path.join(root, file), text);
    },
    remove: () => fs.rmSync(root, { recursive: true, force: true }),
  };
}

interface ProbeAnswer {
  executable: string;
  version: string;
  implementation?: string;
  free_threaded?: boolean;
  wide?: boolean;
  missing?: string[];
}

/** What a real Python answers when set-up asks it about itself. */
export function probeAnswer(answer: ProbeAnswer): string {
  return JSON.stringify({
    implementation: 'CPython',
    free_threaded: false,
    wide: true,
    missing: [],
    ...answer,
  });
}
