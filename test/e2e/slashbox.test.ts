/** The whole path through the signed HTTP endpoint: what `npm start` starts, driven as Discord drives it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UserId } from '../../functions/shared/ids.ts';
import { createLog } from '../../functions/shared/log.ts';
import { expiry, userKey } from '../../functions/shared/records.ts';
import { cloudClient } from '../../local/cloud/clients.ts';
import type { SignedRequest, SignedRequestOptions } from '../../local/discord/endpoint.ts';
import type { Exchange } from '../../local/discord/exchange.ts';
import { readSettings } from '../../local/settings.ts';
import { type RunningSlashbox, startSlashbox } from '../../local/slashbox.ts';
import { PROJECT_ROOT } from '../../scripts/lib/paths.mjs';
import { ensureSetup } from '../../scripts/setup.mjs';

const CSV = 'day,visits\n1,10\n2,14\n3,9\n';

let home: string;
let box: RunningSlashbox;
const logged: string[] = [];

beforeAll(async () => {
  const setup = await ensureSetup();
  home = await mkdtemp(join(tmpdir(), 'slashbox-e2e-'));
  const settings = readSettings(
    {
      PORT: '0',
      SLASHBOX_HOME: home,
      SLASHBOX_TIME_LIMIT_S: '20',
      SLASHBOX_MAX_FILES: '3',
      SLASHBOX_MAX_FILE_BYTES: '1000000',
    },
    PROJECT_ROOT,
  );
  box = await startSlashbox({
    settings,
    projectDir: PROJECT_ROOT,
    python: setup.python,
    packages: setup.packages ?? '',
    log: createLog({}, (line) => logged.push(line)),
  });
}, 180_000);

afterAll(async () => {
  await box?.stop();
  await rm(home, { recursive: true, force: true });
});

const user = (name: string): string => box.discord.addUser(name).id;

async function finished(exchange: Exchange): Promise<Exchange> {
  if (exchange.failure) throw new Error(`${exchange.failure.shown}: ${exchange.failure.reason}`);
  await exchange.reply({ timeoutMs: 60_000 });
  expect(exchange.warnings).toEqual([]);
  return exchange;
}

const run = async (as: string, code: string, options: Record<string, string | boolean> = {}) =>
  finished(await box.discord.invokeCommand({ name: 'run', options: { code, ...options }, user: as }));

const upload = async (as: string, name: string, content: string | Uint8Array) =>
  finished(
    await box.discord.invokeCommand({ name: 'upload', options: { file: { name, content } }, user: as }),
  );

const files = async (as: string) =>
  (await finished(await box.discord.invokeCommand({ name: 'files', user: as }))).messageText();

/** Turns the clock of one user's files to their end: waiting two days would be the other way. */
async function letExpire(as: string): Promise<void> {
  const documents = DynamoDBDocumentClient.from(new DynamoDBClient(cloudClient(box.cloudEndpoint)));
  const TableName = box.outputs.TableName;
  const { Items = [] } = await documents.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: 'pk = :user AND begins_with(sk, :file)',
      ExpressionAttributeValues: { ':user': userKey(as as UserId), ':file': 'FILE#' },
    }),
  );
  const ended = expiry(Math.floor(Date.now() / 1000) - 1);
  for (const item of Items) await documents.send(new PutCommand({ TableName, Item: { ...item, ...ended } }));
}

async function objectsOf(as: string): Promise<string[]> {
  const { Contents = [] } = await new S3Client(cloudClient(box.cloudEndpoint)).send(
    new ListObjectsV2Command({ Bucket: box.outputs.FilesBucketName, Prefix: `files/${as}/` }),
  );
  return Contents.map(({ Key = '' }) => Key);
}

describe('the endpoint', () => {
  it('passes what Discord checks when an endpoint is saved', async () => {
    await box.discord.saveEndpoint();
  });

  it('refuses forged and stale requests', async () => {
    const forged = { tamper: ({ headers }: SignedRequest) => ({ headers, body: Buffer.from('{}') }) };
    const request = { type: 1 };
    expect(await box.discord.signedRequest(request, forged as SignedRequestOptions)).toMatchObject({
      status: 401,
    });
    expect(await box.discord.signedRequest(request, { timestamp: 1_700_000_000 })).toMatchObject({
      status: 401,
    });
  });

  it('refuses truncated, non-JSON and oversized bodies', async () => {
    expect((await box.discord.signedRequest('{"type":2,"id":')).status).toBe(400);
    expect((await box.discord.signedRequest('<html>')).status).toBe(400);
    expect((await box.discord.signedRequest('x'.repeat(1_000_001))).status).toBe(413);
  });

  it('names an unknown command to its user', async () => {
    const exchange = await box.discord.invokeCommand({ name: 'frobnicate', allowUnknown: true });
    await finished(exchange);
    expect(exchange.messageText()).toContain('does not know the command `/frobnicate`');
    expect(exchange.visibleTo).toBeDefined();
  });

  it('runs an interaction once that is delivered twice', async () => {
    const ada = user('ada');
    const first = await run(ada, 'print("once")');
    const again = await box.discord.signedRequest(first.sent as object);
    expect(JSON.parse(again.text)).toEqual({ type: 5 });
    expect(first.followUps).toEqual([]);
    expect(first.messageText()).toContain('once');
  });
});

describe('from a slash command to a chart', () => {
  it.each([
    [
      'scikit-learn',
      'from sklearn.linear_model import LinearRegression as L\nL().fit([[0], [1]], [1, 3]).predict([[2]])',
      '5.',
    ],
    ['sympy', 'import sympy\nx = sympy.Symbol("x")\nsympy.diff(x**3, x).subs(x, 2)', '12'],
  ])('brings %s when an import asks for it', async (name, code, shown) => {
    const reply = (await run(user('ada'), code)).messageText();
    expect(reply).toContain('✅ **Finished**');
    expect(reply).toContain(shown);
    expect(reply).toContain(`installed \`${name}\``);
  });

  // Not among those that set-up builds for tests: the package index has it, unless an earlier test run built it.
  it('builds a package that nobody has built yet, while its first user waits', async () => {
    const reply = (await run(user('ada'), 'import igraph\nigraph.Graph.Ring(5).diameter()')).messageText();
    expect(reply).toContain('✅ **Finished**');
    expect(reply).toContain('2');
    expect(reply).toContain('installed `igraph`');
  });

  it('uploads, draws with seaborn, uses the file again, and forgets it when its time has come', async () => {
    const grace = user('grace');
    const stored = await upload(grace, 'visits.csv', CSV);
    expect(stored.visibleTo).toBe(grace);
    expect(stored.messageText()).toMatch(
      new RegExp(`\\*\\*Stored\\*\\* \`visits.csv\`[^]*id \`${grace}_\\d+_[0-9a-f]{8}\``),
    );

    const chart = await run(
      grace,
      'import pandas as pd, seaborn as sns\nvisits = pd.read_csv("visits.csv")\nprint(visits.visits.sum())\nsns.lineplot(visits, x="day", y="visits")',
    );
    expect(chart.messageText()).toContain('✅ **Finished**');
    expect(chart.messageText()).toContain('33');
    expect(chart.messageText()).toContain('installed `seaborn`');
    const [figure] = chart.files();
    expect(figure).toMatchObject({
      contentType: 'image/png',
      description: expect.stringContaining('Image 1 of 1'),
    });
    expect(
      Buffer.from((await figure?.bytes()) ?? [])
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
    expect(logged.join('\n')).toContain('Auto-installed missing module: seaborn');

    const again = await run(grace, 'print(open("visits.csv").read().count("\\n"))');
    expect(again.messageText()).toContain('```\n4\n```');
    const listed = await files(grace);
    expect(listed).toContain('`visits.csv`');
    expect(listed).toContain('`figure-1.png`');

    await letExpire(grace);
    expect(await files(grace)).toContain('You have no files stored');
    expect(await objectsOf(grace)).toHaveLength(1);
    const { Payload } = await new LambdaClient(cloudClient(box.cloudEndpoint)).send(
      new InvokeCommand({ FunctionName: box.outputs.CleanupFunctionName }),
    );
    expect(JSON.parse(Payload?.transformToString() ?? '')).toEqual({ removed: 2, failed: 0 });
    expect(await objectsOf(grace)).toEqual([]);
  });

  it('keeps users apart: nobody sees or uses another’s files', async () => {
    const [one, two] = [user('one'), user('two')];
    await upload(one, 'secret.csv', 'top,secret\n');
    expect(await files(two)).toContain('You have no files stored');
    const peek = await run(two, 'import os; print(os.listdir()); open("secret.csv")');
    expect(peek.messageText()).toContain('FileNotFoundError');
    expect(peek.messageText()).toContain('You have no stored file named `secret.csv`');
  });

  it('runs several lines from the editor, with input and a file, for its user alone', async () => {
    const linus = user('linus');
    const opened = await box.discord.invokeCommand({ name: 'run', user: linus });
    expect(opened.modal).toMatchObject({ custom_id: 'v1:run' });
    const answer = await finished(
      await box.discord.submitModal(opened, {
        values: {
          code: 'name = input()\nfor line in open("list.txt"):\n    print(name, line.strip())',
          stdin: 'hello',
          private: true,
        },
        files: { attach: [{ name: 'list.txt', content: 'one\ntwo\n' }] },
        user: linus,
      }),
    );
    expect(answer.messageText()).toContain('hello one\nhello two');
    expect(answer.visibleTo).toBe(linus);
  });

  it('runs an attached script', async () => {
    const exchange = await finished(
      await box.discord.invokeCommand({
        name: 'run',
        options: {
          attach: { name: 'hello.py', content: 'import sys\nprint("from a script", len(sys.argv))\n1/0\n' },
        },
      }),
    );
    expect(exchange.messageText()).toContain('from a script 1');
    expect(exchange.messageText()).toContain('`ZeroDivisionError` on line 3');
    expect(exchange.messageText()).toContain('File "hello.py", line 3');
  });

  it('stores ten files from the form, and lets the oldest make room', async () => {
    const many = user('many');
    await upload(many, 'first.txt', '1');
    const opened = await box.discord.invokeCommand({ name: 'upload', user: many });
    const three = ['a.txt', 'b.txt', 'c.txt'].map((name) => ({ name, content: name }));
    const answer = await finished(
      await box.discord.submitModal(opened, { files: { file: three }, user: many }),
    );
    expect(answer.messageText()).toContain('To make room, your oldest file went: `first.txt`');
    expect(await files(many)).not.toContain('first.txt');
  });
});

describe('what people get wrong', () => {
  it.each([
    ['too large', { name: 'big.bin', content: Buffer.alloc(1_000_001) }, 'a file may have'],
    ['empty', { name: 'empty.txt', content: '' }, 'is empty'],
    [
      'from elsewhere',
      {
        verbatim: {
          id: '1',
          filename: 'x.csv',
          size: 3,
          url: 'https://example.com/x.csv',
          proxy_url: 'https://example.com/x.csv',
        },
      },
      'does not come from Discord',
    ],
  ])('a file that is %s is not stored, and said why', async (_, file, words) => {
    const eve = user('eve');
    const answer = await finished(
      await box.discord.invokeCommand({ name: 'upload', options: { file: file as never }, user: eve }),
    );
    expect(answer.messageText()).toContain('Not stored');
    expect(answer.messageText()).toContain(words);
    expect(await files(eve)).toContain('You have no files stored');
  });

  it.each([
    'Umsätze 2024 日本.csv',
    'a/b\\c.csv',
    'line\nbreak.csv',
    `${'x'.repeat(300)}.csv`,
    '.hidden.csv',
  ])('a file named %j can be stored, listed and read', async (name) => {
    const odd = user('odd');
    const stored = await upload(odd, name, 'a,b\n');
    const listed = await files(odd);
    expect(stored.messageText()).toContain('**Stored**');
    const id = /id `(\S+)`/.exec(listed)?.[1];
    const answer = await run(
      odd,
      `import os; "${id}"; print(len(os.listdir()), open(os.listdir()[0]).read())`,
    );
    expect(answer.messageText()).toContain('1 a,b');
  });

  it.each([
    ['is not Python', 'print("a', 'SyntaxError'],
    ['raises', 'raise ValueError("no")', 'ValueError: no'],
    ['exits', 'import sys; print("bye"); sys.exit(3)', 'exit code 3'],
    ['asks for input that is not there', 'input()', 'stdin'],
    ['misses a package that nobody approved', 'import flask', "No module named 'flask'"],
  ])('code that %s gets a clear answer', async (_, code, words) => {
    expect((await run(user('mallory'), code)).messageText()).toContain(words);
  });

  it('empty code opens the editor, and an empty editor says what is missing', async () => {
    const opened = await box.discord.invokeCommand({ name: 'run', options: { code: '   ' } });
    expect(opened.modal).toBeDefined();
    const answer = await finished(await box.discord.submitModal(opened, { values: { code: ' \n ' } }));
    expect(answer.messageText()).toContain('There is no code to run');
  });
});

describe('code that never ends', () => {
  it('is stopped at the limit, with what it printed until then', async () => {
    const answer = await run(user('loop'), 'print("started", flush=True)\nwhile True: pass');
    expect(answer.messageText()).toContain('**Stopped** after 20 s, the time limit');
    expect(answer.messageText()).toContain('started');
  });
});
