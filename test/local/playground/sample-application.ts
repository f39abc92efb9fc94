/** A small application for tests of the page: verifies signatures, defers, and edits its answers. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { verifyKey } from 'discord-interactions';
import { createFakeDiscord } from '../../../local/discord/fake-discord.ts';
import { Activity } from '../../../local/playground/activity.ts';
import { startPlayground } from '../../../local/playground/server.ts';
import { picture } from './picture.ts';

const APPLICATION_ID = '1200000000000000000';

export const COMMANDS = [
  {
    type: 1,
    name: 'run',
    description: 'Run Python code and get the output, charts and files',
    options: [
      {
        type: 3,
        name: 'code',
        description: 'One line of code. Leave empty to open an editor',
        max_length: 6000,
      },
      { type: 3, name: 'files', description: 'Stored files to use', autocomplete: true },
      { type: 11, name: 'attach', description: 'A .py script to run, or a data file for your code' },
      { type: 3, name: 'stdin', description: 'Text that input() reads' },
      { type: 5, name: 'private', description: 'Show the result only to you' },
    ],
  },
  {
    type: 1,
    name: 'upload',
    description: 'Keep files for 48 hours, to use in your code by name',
    options: [{ type: 11, name: 'file', description: 'The file to keep. Leave empty to choose up to 10' }],
  },
  { type: 1, name: 'files', description: 'List the files you have stored' },
  {
    type: 1,
    name: 'file',
    description: 'Manage one stored file',
    options: [
      {
        type: 1,
        name: 'get',
        description: 'Download a stored file',
        options: [
          { type: 3, name: 'file', description: 'File name or id', required: true, autocomplete: true },
        ],
      },
    ],
  },
  { type: 3, name: 'Run code' },
];

const MODAL = {
  type: 9,
  data: {
    custom_id: 'v1:run',
    title: 'Run Python',
    components: [
      {
        type: 18,
        label: 'Code',
        description: 'Up to 4,000 characters. For more, attach a .py file.',
        component: { type: 4, custom_id: 'code', style: 2, max_length: 4000, placeholder: 'print("Hello")' },
      },
      {
        type: 18,
        label: 'Input for input() (optional)',
        component: { type: 4, custom_id: 'stdin', style: 2, required: false },
      },
      {
        type: 18,
        label: 'Attach files (optional)',
        description: 'Data files for this run, or a .py script.',
        component: { type: 19, custom_id: 'attach', required: false, min_values: 0, max_values: 10 },
      },
      { type: 18, label: 'Show the result only to me', component: { type: 23, custom_id: 'private' } },
    ],
  },
};

export const HOSTILE =
  '<img src=x onerror="window.hacked=1"> <script>window.hacked=1</script> [x](javascript:window.hacked=1) **b** `a`\n```html\n<b onclick=alert(1)>\n```';

type Body = Record<string, unknown>;
interface Reply {
  readonly body: Body;
  readonly files?: readonly { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> | string }[];
}

/** What the application makes of a run's code. */
function replyTo(code: string): Reply {
  const mentions = { allowed_mentions: { parse: [] } };
  if (code.includes('hostile')) return { body: { content: HOSTILE, ...mentions } };
  if (code.includes('classic')) {
    return {
      body: {
        content: 'Finished in 1.8 s. The **full output** is attached.',
        embeds: [
          {
            title: 'Summary',
            description: 'Three rows',
            color: 0x0f766e,
            fields: [{ name: 'mean', value: '4.2' }],
          },
        ],
        attachments: [{ id: '0' }],
        ...mentions,
      },
      files: [{ name: 'output.txt', bytes: 'line\n'.repeat(400) }],
    };
  }
  const text = (content: string) => ({ type: 10, content });
  if (code.includes('boom')) {
    const traceback =
      'Traceback (most recent call last):\n  File "main.py", line 3, in <module>\nNameError: name \'x\' is not defined';
    return {
      body: {
        flags: 32_768,
        ...mentions,
        components: [
          {
            type: 17,
            accent_color: 0xe74c3c,
            components: [
              text('❌ **Failed** after 0.4 s · exit code 1 · `NameError` on line 3'),
              text(`\`\`\`py\n${traceback}\n\`\`\``),
              text('-# Each run starts fresh: variables from earlier runs are not kept. Files you save are.'),
            ],
          },
          { type: 1, components: [{ type: 2, style: 1, label: 'Edit & run', custom_id: 'edit' }] },
        ],
      },
    };
  }
  const table = 'drink\ncocoa      3145\ncoffee    10594\ntea        5695\nName: cups, dtype: int64';
  return {
    body: {
      flags: 32_768,
      ...mentions,
      components: [
        {
          type: 17,
          accent_color: 0x2ecc71,
          components: [
            text(`✅ **Finished** in 1.8 s · exit code 0 · <t:${Math.floor(Date.now() / 1000)}:R>`),
            text(`\`\`\`\n${table}\n\`\`\``),
            {
              type: 12,
              items: [
                { media: { url: 'attachment://plot.png' }, description: 'Line chart of cups by month' },
              ],
            },
            { type: 13, file: { url: 'attachment://totals.csv' } },
            { type: 14 },
            text('-# Installed `seaborn 0.13.2` in 3.1 s · Python 3.13 · kept for 48 hours'),
          ],
        },
        {
          type: 1,
          components: [
            { type: 2, style: 1, label: 'Edit & run', custom_id: 'edit' },
            { type: 2, style: 2, label: 'Run again', custom_id: 'again' },
            { type: 2, style: 2, label: 'Save files', custom_id: 'save' },
            { type: 2, style: 4, label: 'Delete', custom_id: 'delete' },
          ],
        },
      ],
      attachments: [{ id: '0', description: 'Line chart of cups by month' }, { id: '1' }],
    },
    files: [
      { name: 'plot.png', bytes: picture(640, 400) },
      { name: 'totals.csv', bytes: 'drink,cups\ncocoa,3145\n' },
    ],
  };
}

const filesList: Body = {
  flags: 32_768,
  allowed_mentions: { parse: [] },
  components: [
    { type: 10, content: '### Your files\n2 of 20 · 1.3 MB of 200 MB' },
    ...['sales.csv', 'logo.png'].map((name, index) => ({
      type: 9,
      components: [
        {
          type: 10,
          content: `\`${name}\` · 1.2 MB · expires <t:${Math.floor(Date.now() / 1000) + 90_000}:R>\n-# 123_1760000000_deadbeef`,
        },
      ],
      accessory: { type: 2, style: 2, label: 'Download', custom_id: `get:${index}` },
    })),
  ],
};

export async function startSample(
  options: { readonly sendingDisabled?: string; readonly notices?: string[] } = {},
) {
  const state = { ready: true, silent: false };
  const received: Body[] = [];
  const application = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    const header = (name: string) => String(request.headers[name]);
    if (
      !(await verifyKey(
        raw,
        header('x-signature-ed25519'),
        header('x-signature-timestamp'),
        discord.publicKey,
      ))
    ) {
      response.writeHead(401).end();
      return;
    }
    const interaction = JSON.parse(raw.toString()) as Body;
    received.push(interaction);
    if (state.silent) return;
    const [answer, later] = decide(interaction);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer), () => {
      if (later) void edit(String(interaction.token), later);
    });
  });
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(application.address() as AddressInfo).port}/`;
  const discord = createFakeDiscord({
    applicationId: APPLICATION_ID,
    endpoint: () => endpoint,
    origin: () => playground.origin,
    answerDeadlineMs: 700,
    maxUploadBytes: 5_000_000,
  });
  const activity = new Activity();
  const playground = await startPlayground({
    activity,
    port: 0,
    discord,
    interactionsUrl: () => endpoint,
    health: () => ({ ready: state.ready, detail: state.ready ? 'Ready.' : 'Deploying the stack…' }),
    ...options,
  });
  discord.registerCommands(COMMANDS);

  /** As the worker does: an edit may come before the first answer has arrived, and is tried again. */
  async function edit(token: string, { body, files = [] }: Reply): Promise<void> {
    const url = `${playground.origin}/api/v10/webhooks/${APPLICATION_ID}/${token}/messages/@original`;
    for (;;) {
      const form = new FormData();
      form.set('payload_json', JSON.stringify(body));
      for (const [index, { name, bytes }] of files.entries())
        form.set(`files[${index}]`, new Blob([bytes]), name);
      const response = await fetch(url, { method: 'PATCH', body: form });
      if (response.status === 200) return;
      const answer = await response.text();
      if (response.status !== 404) throw new Error(`The sample's edit was refused: ${answer}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  return {
    discord,
    playground,
    state,
    activity,
    received,
    async close() {
      application.closeAllConnections();
      await new Promise((resolve) => application.close(resolve));
      await playground.close();
      await discord.close();
    },
  };
}

function decide({ type, data }: Body): [answer: Body, later?: Reply] {
  const {
    name,
    options = [],
    components = [],
  } = data as {
    name?: string;
    options?: { name: string; value: unknown }[];
    components?: { component?: { custom_id: string; value?: unknown } }[];
  };
  const option = (wanted: string) => options.find((each) => each.name === wanted)?.value;
  const field = (wanted: string) =>
    components.find(({ component }) => component?.custom_id === wanted)?.component?.value;
  const deferral = (isPrivate: unknown): Body => (isPrivate ? { type: 5, data: { flags: 64 } } : { type: 5 });
  switch (type) {
    case 3:
      return (data as { custom_id: string }).custom_id === 'edit' ? [MODAL] : [{ type: 6 }];
    case 4:
      return [{ type: 8, data: { choices: [{ name: 'sales.csv · 1.2 MB', value: '1_2_deadbeef' }] } }];
    case 5:
      return [deferral(field('private')), replyTo(String(field('code')))];
    default:
      if (name === 'files') return [deferral(true), { body: filesList }];
      if (name === 'upload') {
        const content = '✅ Stored `cafe.csv` (598 bytes) until <t:1790000000:f>\n1 of 20 files';
        return [deferral(true), { body: { content, allowed_mentions: { parse: [] } } }];
      }
      if (name === 'run' && !option('code')) return [MODAL];
      return [deferral(option('private')), replyTo(String(option('code') ?? ''))];
  }
}
