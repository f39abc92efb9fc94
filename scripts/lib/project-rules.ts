/**
 * What no tool checks for us: files that would be committed hold no paths of somebody's machine, no addresses
 * of package downloads, no unfinished places, and are of a readable size.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const MAX_FILE_BYTES = 2 ** 20;
const MAX_MODULE_LINES = 300;
const MODULE = /^(infra|functions|layers|local|scripts)\/.*\.(ts|mjs|js|py)$/;
const PYTHON_LOCK = /^(local\/python|layers\/approved\/locks)\/.*\.txt$/;
/** Split, so that this file does not find itself. */
const LEFTOVERS = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|')})\\b`);
/** Lambda's own users live in /home too. */
const HOME_FOLDER = /(?:^|[^\w.-])\/(?:home\/(?!sbx_|runner\b)|Users\/|root\/)[\w.-]+/;
const DOWNLOAD = /https?:\/\/[^\s"']+\.(?:whl|tgz|tar\.gz)\b|"resolved": *"https?:/;
const INDEX_OPTION = /:\/\/|^--?(?:index-url|extra-index-url|find-links|trusted-host|i|f)\b/;

/**
 * @param files names relative to `root`
 * @returns one line per finding: `file:line: what is wrong`
 */
export function checkFiles(root: string, files: readonly string[]): string[] {
  const machine = [root, os.homedir()].filter((folder) => folder.length > '/root'.length);
  return files.flatMap((file) => {
    const content = fs.readFileSync(path.join(root, file));
    const findings: string[] = [];
    if (content.length > MAX_FILE_BYTES) {
      findings.push(
        `${file}: ${Math.ceil(content.length / 1024)} KB, a file may have ${MAX_FILE_BYTES / 1024} KB`,
      );
    }
    if (content.includes(0)) return findings;
    const lines = content.toString('utf8').split('\n');
    if (MODULE.test(file) && lines.length - 1 > MAX_MODULE_LINES) {
      findings.push(
        `${file}: ${lines.length - 1} lines, look for the second module inside (at most ${MAX_MODULE_LINES})`,
      );
    }
    lines.forEach((line, index) => {
      const finding = checkLine(file, line, machine);
      if (finding) findings.push(`${file}:${index + 1}: ${finding}`);
    });
    return findings;
  });
}

interface NpmLock {
  readonly packages: Readonly<
    Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>
  >;
}

/**
 * A lock without the other platforms' optional packages: `npm ci` refuses it, and where it does not, nobody
 * else's machine gets its binary. npm writes such locks when a registry lacks some of them.
 * @param text of package-lock.json
 * @returns one line per finding
 */
export function checkNpmLock(text: string): string[] {
  const { packages } = JSON.parse(text) as NpmLock;
  return Object.entries(packages).flatMap(([owner, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !placesFor(owner, name).some((place) => place in packages))
      .map(
        (name) => `package-lock.json: ${owner} wants ${name}, which is missing: take a version that has it`,
      ),
  );
}

/** Where Node.js looks for a package, from the inside out. */
function placesFor(owner: string, name: string): string[] {
  const parts = owner.split('/node_modules/');
  const folders = parts.map((_, depth) => parts.slice(0, depth + 1).join('/node_modules/')).filter(Boolean);
  return [...folders.map((folder) => `${folder}/node_modules/${name}`), `node_modules/${name}`];
}

/** Tracked files and those that would be, or nothing where this is no git checkout. */
export function listProjectFiles(root: string): string[] | undefined {
  try {
    const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 64 * MAX_FILE_BYTES,
    });
    return [...new Set(list.split('\0'))].filter((file) => isRegularFile(path.join(root, file)));
  } catch {
    return undefined;
  }
}

function checkLine(file: string, line: string, machine: readonly string[]): string | undefined {
  if (machine.some((folder) => line.includes(`${folder}/`)) || HOME_FOLDER.test(line))
    return 'a path of one machine';
  if (DOWNLOAD.test(line)) return 'the address of a package download';
  if (PYTHON_LOCK.test(file) && INDEX_OPTION.test(line)) return 'a lock names distributions and hashes only';
  if (LEFTOVERS.test(line) && MODULE.test(file)) return 'an unfinished place';
  return undefined;
}

function isRegularFile(file: string): boolean {
  return fs.lstatSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}
