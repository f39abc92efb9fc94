/** The reply to a run: how it ended in words, what it printed, its charts and files, and what to do next. */
import type { ExecutorResult } from '../../shared/executor-protocol.ts';
import type { Limits } from '../../shared/limits.ts';
import type { FileRecord } from '../../shared/records.ts';
import { UNKNOWN_TYPE } from '../content-type.ts';
import type { Output, Outputs } from '../outputs.ts';
import { advice } from './advice.ts';
import { count, formatBytes, relativeTime } from './format.ts';
import type { Reply, ReplyFile } from './message.ts';
import { statusLine } from './status-line.ts';
import { codeBlock, excerpt, inlineCode, plainText } from './text.ts';

export interface FinishedRun {
  readonly result: ExecutorResult;
  readonly outputs: Outputs;
  readonly milliseconds: number;
  readonly limits: Limits;
  /** Files that were put into the run. */
  readonly used: readonly FileRecord[];
  readonly storedNames: readonly string[];
  readonly notes: readonly string[];
  readonly runId: string;
}

/** What a reader takes in at once; the rest is in output.txt. */
const BLOCK = { characters: 1_500, lines: 24, bytes: 3_400 };

export function resultReply(run: FinishedRun): Reply {
  const { result, outputs, milliseconds, limits } = run;
  const stdout = plainText(result.stdout);
  const stderr = plainText(result.stderr);
  const out = excerpt(stdout, BLOCK);
  const err = excerpt(stderr, BLOCK);
  const { images, files, lines } = arrange(outputs.kept);
  const truncated = result.stdout_truncated || result.stderr_truncated;
  const shortened = out.shortened || err.shortened;
  const silent = !out.text && !err.text && outputs.kept.length === 0 && result.status === 'ok';

  return {
    tone: result.status === 'ok' ? 'good' : 'bad',
    texts: [
      statusLine(result, milliseconds, limits),
      ...(out.text ? [codeBlock(out.text)] : []),
      ...(err.text ? [codeBlock(err.text, result.status === 'error' ? 'py' : '')] : []),
      ...(silent ? ['It printed nothing. Use `print()` to see a value.'] : []),
      ...advice(run),
      ...lines,
      ...result.failed_packages
        .slice(0, 5)
        .map(
          ({ name, reason }) => `⚠️ Could not install ${inlineCode(name)}: ${plainText(reason).slice(0, 300)}`,
        ),
      ...outputs.skipped
        .slice(0, 8)
        .map(({ name, reason }) => `⚠️ Not kept: ${inlineCode(name)} – ${plainText(reason).slice(0, 200)}`),
    ],
    images,
    files: [...files, ...(shortened ? [outputFile(stdout, stderr)] : [])],
    notes: [
      ...run.notes,
      ...(shortened ? ['The whole output is in `output.txt`.'] : []),
      ...(truncated
        ? [`Output past ${limits.outputCharacters.toLocaleString('en')} characters was dropped.`]
        : []),
      ...keptNote(outputs.kept),
      footer(run),
    ],
  };
}

function arrange(outputs: readonly Output[]): { images: ReplyFile[]; files: ReplyFile[]; lines: string[] } {
  const images: ReplyFile[] = [];
  const files: ReplyFile[] = [];
  const lines: string[] = [];
  const taken = new Set<string>(['output.txt']);
  const figures = outputs.filter(({ imageType }) => imageType).length;
  for (const { file, data, imageType, link } of outputs) {
    if (!data) {
      const where = link
        ? `[download it](${link}) within 15 minutes`
        : `use ${inlineCode(file.name, 60)} in your next run`;
      lines.push(
        `📦 ${inlineCode(file.name, 60)} (${formatBytes(file.size)}) is too large for this message: ${where}.`,
      );
      continue;
    }
    const name = discordName(file.name, taken);
    const contentType =
      imageType ?? (file.contentType.startsWith('image/') ? UNKNOWN_TYPE : file.contentType);
    if (!imageType) files.push({ name, data, contentType });
    else {
      const description = `Image ${images.length + 1} of ${figures} made by the code: ${plainText(file.name).slice(0, 200)}`;
      images.push({ name, data, contentType, description });
    }
  }
  return { images, files, lines };
}

/** Discord keeps A-Z a-z 0-9 . _ - of a name; references to attachments have to agree with what it keeps. */
function discordName(name: string, taken: Set<string>): string {
  const cleaned =
    name
      .replace(/[^\w.-]+/g, '_')
      .replace(/^[_.]+(?=\w)/, '')
      .slice(-100) || 'file';
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? cleaned : `${number}-${cleaned}`;
    if (taken.has(candidate)) continue;
    taken.add(candidate);
    return candidate;
  }
}

function keptNote(kept: readonly Output[]): string[] {
  const [first] = kept;
  if (!first) return [];
  const shown = kept.slice(0, 4).map(({ file }) => `${inlineCode(file.name, 40)} (id \`${file.fileId}\`)`);
  const more = kept.length > shown.length ? ` and ${count(kept.length - shown.length, 'more file')}` : '';
  return [
    `Kept for your next runs, expires ${relativeTime(first.file.expiresAt)}: ${shown.join(', ')}${more}`,
  ];
}

function footer({ result, used, runId }: FinishedRun): string {
  const parts = [
    ...(used.length ? [`with ${used.map(({ name }) => inlineCode(name, 40)).join(', ')}`] : []),
    ...(result.installed_packages.length
      ? [
          `installed ${result.installed_packages
            .slice(0, 8)
            .map((name) => inlineCode(name))
            .join(', ')}`,
        ]
      : []),
    `run \`${runId}\``,
  ];
  return parts.join(' · ');
}

function outputFile(stdout: string, stderr: string): ReplyFile {
  const parts = [stdout, ...(stderr ? [`--- stderr ---\n${stderr}`] : [])];
  return {
    name: 'output.txt',
    data: Buffer.from(parts.filter(Boolean).join('\n')),
    contentType: 'text/plain; charset=utf-8',
  };
}
