/** Reads what a bot sends to the API: JSON, or multipart with `payload_json` and `files[n]`. */
import { DiscordError, FormErrors, tooLarge } from './errors.ts';
import { isObject, type Json } from './json.ts';
import { readAtMost } from './read-at-most.ts';

export interface SentFile {
  /** The n of `files[n]`, to which an attachment's id refers. */
  readonly index: number;
  readonly name: string;
  readonly contentType: string | undefined;
  readonly bytes: Uint8Array;
}

export interface SentBody {
  readonly json: Json;
  readonly files: readonly SentFile[];
}

/** Of the whole request: https://discord.com/developers/docs/resources/message#create-message */
const MAX_REQUEST_BYTES = 25 * 1024 * 1024;
const MAX_FILES = 10;

/** @throws DiscordError 40005 over 25 MiB, 50109 for what is not JSON, 50035 for a wrong form */
export async function readBody(request: Request): Promise<SentBody> {
  const bytes = await readAll(request);
  const type = request.headers.get('content-type') ?? '';
  if (/^multipart\/form-data/i.test(type)) return readMultipart(bytes, type);
  if (bytes.byteLength === 0) return { json: {}, files: [] };
  if (!/^application\/json/i.test(type)) {
    throw new DiscordError(400, 50035, `Expected Content-Type application/json or multipart, got "${type}".`);
  }
  return { json: parseObject(new TextDecoder().decode(bytes)), files: [] };
}

/** @throws DiscordError for what is too large or not JSON of any kind */
export async function readJsonBody(request: Request): Promise<unknown> {
  return parse(new TextDecoder().decode(await readAll(request)));
}

async function readAll(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readAtMost(request, MAX_REQUEST_BYTES);
  if (!bytes) throw tooLarge();
  return bytes;
}

async function readMultipart(bytes: Uint8Array<ArrayBuffer>, type: string): Promise<SentBody> {
  const form = await new Response(bytes, { headers: { 'content-type': type } }).formData().catch((cause) => {
    throw new DiscordError(400, 50035, `The multipart body cannot be read: ${String(cause)}`);
  });
  const errors = new FormErrors();
  const files: SentFile[] = [];
  let json: Json = {};
  for (const [name, value] of form) {
    const index = /^files\[(\d)\]$/.exec(name)?.[1];
    if (name === 'payload_json') {
      json = parseObject(typeof value === 'string' ? value : await value.text());
    } else if (index === undefined || typeof value === 'string') {
      errors.add([name], 'UNKNOWN_FIELD', `Expected payload_json or files[0] to files[${MAX_FILES - 1}].`);
    } else {
      const contents = new Uint8Array(await value.arrayBuffer());
      files.push({
        index: Number(index),
        name: value.name,
        contentType: value.type || undefined,
        bytes: contents,
      });
    }
  }
  errors.throwIfAny();
  return { json, files };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DiscordError(400, 50109, 'The request body contains invalid JSON.');
  }
}

function parseObject(text: string): Json {
  const value = parse(text);
  if (!isObject(value)) throw new DiscordError(400, 50035, 'Invalid Form Body: expected an object.');
  return value;
}
