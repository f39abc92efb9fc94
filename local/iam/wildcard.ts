/** IAM's wildcards: `*` stands for any characters, `?` for one. */

const compiled = new Map<string, RegExp>();

/** Letter by letter, as `StringLike` compares. */
export function matchesText(pattern: string, text: string): boolean {
  return compile(pattern, () => '.*').test(text);
}

/** Action names are the same in either case. */
export function matchesAction(pattern: string, action: string): boolean {
  return matchesText(pattern.toLowerCase(), action.toLowerCase());
}

/**
 * A resource pattern: a `*` goes beyond the colons of an ARN only where it ends a part of it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 */
export function matchesResource(pattern: string, arn: string): boolean {
  return compile(pattern, (next) => (next === undefined || next === ':' ? '.*' : '[^:]*')).test(arn);
}

/** Each of an ARN's six parts by itself, as `ArnEquals` and `ArnLike` compare. */
export function matchesArn(pattern: string, arn: string): boolean {
  const patterns = arnParts(pattern);
  const parts = arnParts(arn);
  return (
    patterns.length === parts.length && patterns.every((part, index) => matchesText(part, parts[index] ?? ''))
  );
}

function arnParts(arn: string): string[] {
  const parts = arn.split(':');
  return [...parts.slice(0, 5), ...(parts.length > 5 ? [parts.slice(5).join(':')] : [])];
}

function compile(pattern: string, star: (next: string | undefined) => string): RegExp {
  const source = [...pattern]
    .map((character, index, all) => {
      if (character === '*') return star(all[index + 1]);
      return character === '?' ? '.' : character.replace(/[\\^$.|+()[\]{}/]/g, '\\$&');
    })
    .join('');
  let expression = compiled.get(source);
  if (!expression) {
    expression = new RegExp(`^${source}$`, 'su');
    compiled.set(source, expression);
  }
  return expression;
}
