/**
 * Tells the local system's rebuild how this machine reaches its package index. In AWS nobody has to: there the
 * function reaches PyPI by itself.
 */
import {
  GetFunctionConfigurationCommand,
  type LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';

/** As layers/approved/processes.py hands them to uv. */
const KEPT =
  /^(UV_(INDEX|DEFAULT_INDEX|HTTP|NATIVE_TLS|SYSTEM_CERTS|OFFLINE)\w*|SSL_CERT_(FILE|DIR)|NETRC|(HTTPS?|ALL)_PROXY)$/i;
const LOOPBACK = '127.0.0.1,localhost';

/** @param env the caller's, with pip's configuration files already read into it */
export async function lendRegistry(
  lambda: LambdaClient,
  FunctionName: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  const own = Object.entries(Environment?.Variables ?? {}).filter(([name]) => !isRegistry(name));
  const Variables = { ...Object.fromEntries(own), ...registryVariables(env) };
  await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
}

export function registryVariables(env: NodeJS.ProcessEnv): Record<string, string> {
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] => KEPT.test(entry[0]) && !!entry[1],
  );
  const exempt = env.NO_PROXY ?? env.no_proxy;
  // No proxy is to see what the function says to the embedded AWS.
  return { ...Object.fromEntries(kept), NO_PROXY: exempt ? `${exempt},${LOOPBACK}` : LOOPBACK };
}

const isRegistry = (name: string): boolean => KEPT.test(name) || name === 'NO_PROXY';
