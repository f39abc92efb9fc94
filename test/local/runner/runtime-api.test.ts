import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RuntimeApi, startRuntimeApi } from '../../../local/runner/runtime-api.ts';
import { invocation, openEnvironment, type TestEnvironment, told } from '../../support/test-environment.ts';

let api: RuntimeApi;
let here: TestEnvironment;

beforeEach(async () => {
  api = await startRuntimeApi();
  here = openEnvironment(api);
});
afterEach(() => api.close());

describe('whoever else is in an execution environment', () => {
  it('cannot have the invocation that is running', async () => {
    void here.environment.invoke(invocation('a'));
    await here.runtime.next();
    const stolen = await here.runtime.next();
    expect(stolen.status).toBe(403);
    expect(stolen.headers.get('lambda-runtime-aws-request-id')).toBeNull();
  });

  it('cannot wait beside the runtime', async () => {
    const both = [here.runtime.next(), here.runtime.next()];
    expect((await Promise.race(both)).status).toBe(403);
    const outcome = here.environment.invoke(invocation('a'));
    const ids = (await Promise.all(both)).map(({ headers }) => headers.get('lambda-runtime-aws-request-id'));
    expect(ids.toSorted()).toEqual(['a', null]);
    await here.runtime.respond('a', '1');
    await outcome;
  });

  it('cannot answer an invocation twice, nor one that is over, nor one to come', async () => {
    const first = here.environment.invoke(invocation('a'));
    await here.runtime.next();
    await here.runtime.respond('a', '1');
    await first;
    const second = here.environment.invoke(invocation('b'));
    for (const id of ['a', 'b', 'c']) expect((await here.runtime.respond(id, '"forged"')).status).toBe(400);
    await here.runtime.next();
    expect((await here.runtime.respond('a', '"forged"')).status).toBe(400);
    await here.runtime.respond('b', '2');
    expect(told(await second)).toBe(2);
  });

  it('cannot report a failed initialisation once that is over', async () => {
    const outcome = here.environment.invoke(invocation('a'));
    await here.runtime.next();
    expect((await here.runtime.post('init/error', '{"errorType":"forged"}')).status).toBe(403);
    await here.runtime.respond('a', '1');
    expect(told(await outcome)).toBe(1);
  });

  it.each(['', 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', '..', '%2e%2e'])(
    'cannot do anything without the secret: %j',
    async (guess) => {
      void here.environment.invoke(invocation('a'));
      const base = `http://${here.address.split('/')[0]}/${guess}${guess && '/'}2018-06-01/runtime`;
      expect((await fetch(`${base}/invocation/next`)).status).toBe(403);
      expect((await fetch(`${base}/invocation/a/response`, { method: 'POST', body: '1' })).status).toBe(403);
    },
  );

  it("cannot use another environment's address for its own invocation", async () => {
    const [first, firstAddress] = [here.environment, here.address];
    here = openEnvironment(api);
    const outcome = here.environment.invoke(invocation('b'));
    await here.runtime.next();
    const other = `http://${firstAddress}/2018-06-01/runtime/invocation/b/response`;
    expect((await fetch(other, { method: 'POST', body: '"forged"' })).status).toBe(400);
    expect(first.isFree).toBe(true);
    await here.runtime.respond('b', '2');
    expect(told(await outcome)).toBe(2);
  });
});
