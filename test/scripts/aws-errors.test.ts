import { expect, test } from 'vitest';
import { OperatorError } from '../../scripts/lib/arguments.ts';
import { withAwsErrors } from '../../scripts/lib/aws-errors.ts';

const failing = (name: string, message: string, more: object = {}) =>
  withAwsErrors(() => Promise.reject(Object.assign(new Error(message), { name, ...more })));

test.each([
  [
    'ExpiredTokenException',
    'The security token is expired',
    { $fault: 'client' },
    'credentials have expired. Log in again',
  ],
  [
    'CredentialsProviderError',
    'Could not load credentials.',
    {},
    'does not know who you are (Could not load credentials). Set AWS_PROFILE',
  ],
  ['InvalidClientTokenId', 'The token is invalid', { $fault: 'client' }, 'does not know who you are'],
  [
    'AccessDeniedException',
    'not authorized to perform ssm:GetParameter',
    { $fault: 'client' },
    'may not do this: not authorized to perform ssm:GetParameter',
  ],
  [
    'Error',
    'getaddrinfo ENOTFOUND sts',
    { code: 'ENOTFOUND' },
    'could not be reached (getaddrinfo ENOTFOUND sts)',
  ],
  ['ValidationError', 'Template error', { $fault: 'client' }, 'AWS refused: ValidationError: Template error'],
])('%s is said in words', async (name, message, more, words) => {
  await expect(failing(name, message, more)).rejects.toThrow(OperatorError);
  await expect(failing(name, message, more)).rejects.toThrow(words);
});

test('a defect of ours stays what it is', async () => {
  const defect = new TypeError('x is not a function');
  await expect(withAwsErrors(() => Promise.reject(defect))).rejects.toBe(defect);
});

test('what works is handed through', async () => {
  expect(await withAwsErrors(async () => 42)).toBe(42);
});
