/**
 * One JSON object a line, as CloudWatch's JSON log format reads it.
 * What is passed here ends in a log group: ids and counts, never code, tokens or URLs.
 */
type Fields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Log {
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields, cause?: unknown): void;
  error(message: string, fields?: Fields, cause?: unknown): void;
}

/** @param bound fields that every line carries, such as the run's id */
export function createLog(bound: Fields = {}, write: (line: string) => void = console.log): Log {
  const line = (level: string, message: string, fields: Fields = {}, cause?: unknown) =>
    write(JSON.stringify({ level, message, ...bound, ...fields, ...describe(cause) }));
  return {
    info: (message, fields) => line('INFO', message, fields),
    warn: (message, fields, cause) => line('WARN', message, fields, cause),
    error: (message, fields, cause) => line('ERROR', message, fields, cause),
  };
}

function describe(cause: unknown): Record<string, unknown> {
  if (cause === undefined) return {};
  if (!(cause instanceof Error)) return { cause: String(cause) };
  const { name, message, stack } = cause;
  return { error: name, reason: redact(message), stack: stack && redact(stack), ...inner(cause.cause) };
}

function inner(cause: unknown): Record<string, unknown> {
  return cause instanceof Error ? { because: redact(`${cause.name}: ${cause.message}`) } : {};
}

/** Errors of HTTP libraries quote the URL: a webhook's token or a presigned query must not reach the log. */
function redact(text: string): string {
  return text
    .replace(/(\/(?:webhooks|interactions)\/\d+\/)[\w.-]+/g, '$1…')
    .replace(/([?&](?:X-Amz-[\w-]+|Signature|hm)=)[^&\s"']+/gi, '$1…');
}
