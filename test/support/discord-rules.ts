/**
 * Checks the body of an edited reply against Discord's published schema, strictly: a key that the schema
 * does not know would be dropped by Zod in silence, so what it returns has to equal what went in.
 */
import { IncomingWebhookUpdateRequestPartialSchema } from 'discord-api-spec/zod';
import { expect } from 'vitest';

export function expectValidEdit(body: unknown): void {
  const plain = JSON.parse(JSON.stringify(body));
  const parsed = IncomingWebhookUpdateRequestPartialSchema.safeParse(plain);
  expect(parsed.success ? [] : parsed.error.issues).toEqual([]);
  if (parsed.success) expect(JSON.parse(JSON.stringify(parsed.data))).toEqual(plain);
}

interface Node {
  readonly type?: number;
  readonly content?: string;
  readonly components?: readonly Node[];
}

/** All text displays of a Components V2 body. */
export function textsOf(body: unknown): string[] {
  const walk = (node: Node): string[] => [
    ...(node.type === 10 && node.content !== undefined ? [node.content] : []),
    ...(node.components ?? []).flatMap(walk),
  ];
  return walk(body as Node);
}
