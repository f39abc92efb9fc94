/** Refusals: those that Discord's API answers with, and those that Discord's client shows its user. */

export type Path = readonly (string | number)[];

interface ErrorTree {
  [key: string]: ErrorTree | readonly { readonly code: string; readonly message: string }[];
}

/**
 * An error body in Discord's shape, `{code, message, errors?}`.
 * https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
 */
export class DiscordError extends Error {
  override readonly name = 'DiscordError';
  readonly status: number;
  readonly code: number;
  readonly errors: ErrorTree | undefined;

  constructor(status: number, code: number, message: string, errors?: ErrorTree) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }

  toResponse(): Response {
    const { code, message, errors } = this;
    return Response.json({ message, code, ...(errors && { errors }) }, { status: this.status });
  }

  /** Every reason in one line, for people who read a test's failure. */
  get detail(): string {
    const reasons = this.errors ? flatten(this.errors, '') : [];
    return [`${this.message} (${this.code})`, ...reasons].join('; ');
  }
}

function flatten(tree: ErrorTree, path: string): string[] {
  return Object.entries(tree).flatMap(([key, value]) =>
    Array.isArray(value)
      ? value.map(({ code, message }) => `${path || 'body'}: ${message} [${code}]`)
      : flatten(value as ErrorTree, path ? `${path}.${key}` : key),
  );
}

/** Something that Discord's own client does not let a person send; the message is what it would say. */
export class ClientRefusal extends Error {
  override readonly name = 'ClientRefusal';
}

/** Gathers what is wrong with a body, field by field, as Discord's `errors` object does. */
export class FormErrors {
  readonly #tree: ErrorTree = {};
  #count = 0;

  add(path: Path, code: string, message: string): void {
    let node = this.#tree;
    for (const key of path) {
      node[key] ??= {};
      node = node[key] as ErrorTree;
    }
    node._errors = [...((node._errors as []) ?? []), { code, message }];
    this.#count += 1;
  }

  get any(): boolean {
    return this.#count > 0;
  }

  /** @throws DiscordError 50035 where anything was added */
  throwIfAny(): void {
    if (this.any) throw new DiscordError(400, 50035, 'Invalid Form Body', this.#tree);
  }
}

export const unknownWebhook = (): DiscordError => new DiscordError(404, 10015, 'Unknown Webhook');
export const unknownMessage = (): DiscordError => new DiscordError(404, 10008, 'Unknown Message');
export const unknownInteraction = (): DiscordError => new DiscordError(404, 10062, 'Unknown interaction');
export const invalidToken = (): DiscordError => new DiscordError(401, 50027, 'Invalid Webhook Token');
export const emptyMessage = (): DiscordError => new DiscordError(400, 50006, 'Cannot send an empty message');
export const tooLarge = (): DiscordError => new DiscordError(413, 40005, 'Request entity too large');
export const alreadyAcknowledged = (): DiscordError =>
  new DiscordError(400, 40060, 'Interaction has already been acknowledged.');
