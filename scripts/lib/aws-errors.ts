/** What AWS's answers mean for the person at the keyboard. */
import { OperatorError } from './arguments.ts';

/** @throws OperatorError in place of an error of AWS or of the way there; any other error as it is */
export async function withAwsErrors<Value>(action: () => Promise<Value>): Promise<Value> {
  try {
    return await action();
  } catch (error) {
    const words = error instanceof Error ? explain(error) : undefined;
    if (words === undefined) throw error;
    throw new OperatorError(words, { cause: error });
  }
}

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'ENETUNREACH',
  'ENOTFOUND',
  'ETIMEDOUT',
]);

function explain(error: Error & { readonly code?: unknown; readonly $fault?: unknown }): string | undefined {
  const { name, message } = error;
  if (/Expired/.test(name)) {
    return 'your AWS credentials have expired. Log in again, for instance with: aws sso login';
  }
  if (/CredentialsProvider|TokenProvider|ClientTokenId|SignatureDoesNotMatch|UnrecognizedClient/.test(name)) {
    return `AWS does not know who you are (${message.replace(/\.$/, '')}). Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.`;
  }
  if (/AccessDenied|NotAuthorized|Unauthorized/.test(name)) {
    return `your AWS credentials may not do this: ${message}`;
  }
  if (UNREACHABLE.has(String(error.code)) || name === 'TimeoutError') {
    return `AWS could not be reached (${message}). Check the network and try again.`;
  }
  return error.$fault ? `AWS refused: ${name}: ${message}` : undefined;
}
