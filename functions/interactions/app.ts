/**
 * Discord's three-second path: verify, answer what can be answered at once, write the once-only run
 * record, hand over to the worker, defer. Nothing here waits for a user's code.
 */
import type { APIInteractionResponse } from 'discord-api-types/v10';
import type { Clock } from '../shared/clock.ts';
import type { RunId } from '../shared/ids.ts';
import { INTERACTION, type Interaction, readInteraction } from '../shared/interaction.ts';
import type { Limits } from '../shared/limits.ts';
import type { Log } from '../shared/log.ts';
import type { RunStore } from '../shared/run-store.ts';
import { type FirstAnswer, firstAnswer, privateMessage } from './first-answer.ts';
import { isFromDiscord } from './verify.ts';

export interface InteractionsPorts {
  readonly runs: Pick<RunStore, 'create' | 'finish'>;
  /** Asks the worker to carry out a run; resolves as soon as the request is queued. */
  readonly startWorker: (runId: RunId) => Promise<void>;
  readonly publicKey: string;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly log: Log;
}

export interface SignedRequest {
  readonly body: Uint8Array;
  readonly signature: string | undefined;
  readonly timestamp: string | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Bytes. Discord's own interactions are a few kB; API Gateway would let 10 MB through. */
const MAX_BODY_BYTES = 1_000_000;
/** DynamoDB items end at 400 kB; the rest is room for keys and attributes. */
const MAX_RECORD_BYTES = 380_000;
/** Sent by Discord itself when an endpoint is saved; carries no user. */
const PONG = { type: 1 };

/** @returns what the HTTP API sends back; never throws for anything a request can contain */
export async function answer(request: SignedRequest, ports: InteractionsPorts): Promise<HttpAnswer> {
  const { body, signature, timestamp } = request;
  if (body.byteLength > MAX_BODY_BYTES) {
    return refuse(413, `The request has ${body.byteLength} bytes; the limit is ${MAX_BODY_BYTES}.`);
  }
  if (!(await isFromDiscord(body, signature, timestamp, ports.publicKey, ports.clock))) {
    return refuse(401, 'The request signature is missing, wrong or older than five minutes.');
  }
  const json = parseJson(body);
  if (json === undefined) return refuse(400, 'The request body is not JSON.');
  if ((json as { type?: unknown } | null)?.type === INTERACTION.ping) return { status: 200, body: PONG };
  const interaction = readInteraction(json);
  if (!interaction) return refuse(400, 'The request body is not an interaction of a user.');

  const first = firstAnswer(interaction, ports.limits);
  if (first.kind === 'reply') return { status: 200, body: first.response };
  return { status: 200, body: await startRun(interaction, body, first, ports) };
}

async function startRun(
  interaction: Interaction,
  body: Uint8Array,
  { response }: Extract<FirstAnswer, { kind: 'run' }>,
  { runs, startWorker, log }: InteractionsPorts,
): Promise<APIInteractionResponse> {
  if (body.byteLength > MAX_RECORD_BYTES) {
    return privateMessage(
      'This message is too large to work with. Attach the code or the data as a file instead.',
    );
  }
  let created = false;
  try {
    created = await runs.create(interaction.id, Buffer.from(body).toString('utf8'));
    if (created) await startWorker(interaction.id);
    else log.info('duplicate interaction', { runId: interaction.id });
    return response;
  } catch (error) {
    log.error('could not start the run', { runId: interaction.id }, error);
    if (created) await runs.finish(interaction.id, 'failed').catch(() => undefined);
    return privateMessage(
      `Sorry, Slashbox could not start this. Nothing was run or stored. Try again in a minute; if it stays so, tell the server's operator this reference: \`${interaction.id}\``,
    );
  }
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}

const refuse = (status: number, error: string): HttpAnswer => ({ status, body: { error } });
