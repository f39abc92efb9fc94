/**
 * Which execution environment takes an invocation: a free one of the same function, revision and tenant, or
 * a new one. Idle ones are ended after a while, and the longest idle one where room is needed.
 */
import type { ExecutionEnvironment } from './execution-environment.ts';
import type { FunctionState } from './function-store.ts';
import type { Invocation, Outcome } from './invocation.ts';
import { serviceError, tooManyRequests } from './lambda-errors.ts';

export interface EnvironmentPoolOptions<State extends FunctionState> {
  /** How many may exist at a time, over all functions and tenants. */
  readonly maxEnvironments: number;
  /** Lambda keeps an idle one for minutes; here it takes this machine's memory. */
  readonly idleSeconds: number;
  readonly start: (state: State, tenantId: string) => ExecutionEnvironment;
}

export interface EnvironmentPool<State extends FunctionState> {
  /** @throws LambdaError where all environments are busy, or the pool is being stopped */
  invoke(state: State, invocation: Invocation): Promise<Outcome>;
  stop(): Promise<void>;
}

export function createEnvironmentPool<State extends FunctionState>({
  maxEnvironments,
  idleSeconds,
  start,
}: EnvironmentPoolOptions<State>): EnvironmentPool<State> {
  /** Least recently used first. */
  const environments = new Set<ExecutionEnvironment>();
  const idleTimers = new Map<ExecutionEnvironment, NodeJS.Timeout>();
  const revisions = new Map<string, string>();
  const endings = new Set<Promise<void>>();
  let stopped = false;

  return {
    async invoke(state, invocation) {
      revisions.set(state.name, state.revision);
      for (const environment of environments) if (isOutdated(environment)) drop(environment);
      for (;;) {
        const environment = find(state, invocation.tenantId) ?? add(state, invocation.tenantId);
        use(environment);
        const outcome = await environment.invoke(invocation).finally(() => release(environment));
        if (outcome !== 'not delivered') return outcome;
      }
    },
    async stop() {
      stopped = true;
      for (const environment of environments) end(environment);
      await Promise.all(endings);
    },
  };

  function find({ name, revision }: State, tenantId: string): ExecutionEnvironment | undefined {
    return [...environments]
      .reverse()
      .find(
        (environment) =>
          environment.isFree &&
          environment.tenantId === tenantId &&
          environment.state.name === name &&
          environment.state.revision === revision,
      );
  }

  function add(state: State, tenantId: string): ExecutionEnvironment {
    if (stopped) throw serviceError('The runner is being stopped.');
    if (environments.size >= maxEnvironments) {
      const [longestIdle] = [...environments].filter(({ isFree }) => isFree);
      if (!longestIdle) throw tooManyRequests();
      end(longestIdle);
    }
    const environment = start(state, tenantId);
    environments.add(environment);
    void environment.ended.then(() => forget(environment));
    return environment;
  }

  function use(environment: ExecutionEnvironment): void {
    clearTimeout(idleTimers.get(environment));
    environments.delete(environment);
    environments.add(environment);
  }

  function release(environment: ExecutionEnvironment): void {
    if (isOutdated(environment)) drop(environment);
    else {
      const timer = setTimeout(() => drop(environment), idleSeconds * 1000);
      idleTimers.set(environment, timer.unref());
    }
  }

  function isOutdated({ state }: ExecutionEnvironment): boolean {
    return revisions.get(state.name) !== state.revision;
  }

  /** Ends it unless it is at work; then {@link release} comes back to it. */
  function drop(environment: ExecutionEnvironment): void {
    if (environment.isFree) end(environment);
  }

  function end(environment: ExecutionEnvironment): void {
    forget(environment);
    const ending = environment.end().finally(() => endings.delete(ending));
    endings.add(ending);
  }

  function forget(environment: ExecutionEnvironment): void {
    environments.delete(environment);
    clearTimeout(idleTimers.get(environment));
    idleTimers.delete(environment);
  }
}
