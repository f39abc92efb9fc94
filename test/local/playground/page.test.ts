/** The page in a real browser: what a person sees and does, on a desktop and on a phone. */
import { mkdir } from 'node:fs/promises';
import type { Browser, BrowserContext, JSHandle, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isBrowserMissing, launchBrowser } from '../../support/browser.ts';
import { startSample } from './sample-application.ts';

/** Run in the page: as text, because this side of the tests knows no DOM. */
const ALL_IMAGES_SHOWN = '[...document.images].every((image) => image.complete && image.naturalWidth > 0)';
const DROPPED_FILE = `(() => {
  const data = new DataTransfer();
  data.items.add(new File(['a,b'], 'dropped.csv', { type: 'text/csv' }));
  return data;
})()`;
/** For looking at: SCREENSHOTS=folder keeps a picture of the main states. */
const screenshots = process.env.SCREENSHOTS;

type Sample = Awaited<ReturnType<typeof startSample>>;

describe.skipIf(isBrowserMissing)('the page', { timeout: 60_000 }, () => {
  let browser: Browser;
  let sample: Sample;
  let context: BrowserContext;
  let page: Page;
  let problems: string[];

  beforeAll(async () => {
    browser = await launchBrowser();
  }, 60_000);
  afterAll(() => browser?.close());
  beforeEach(async () => {
    problems = [];
    sample = await startSample();
    page = await open();
  });
  afterEach(async () => {
    await context.close();
    await sample.close();
    expect(problems).toEqual([]);
  });

  async function open(
    viewport = { width: 1280, height: 800 },
    origin = sample.playground.origin,
  ): Promise<Page> {
    await context?.close();
    context = await browser.newContext({ viewport, colorScheme: 'dark' });
    context.setDefaultTimeout(15_000);
    const opened = await context.newPage();
    opened.on('pageerror', (error) => problems.push(error.message));
    opened.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await opened.goto(origin);
    await opened.locator('#text:focus').waitFor();
    return opened;
  }
  const say = async (text: string) => {
    await page.locator('#text').fill(text);
    await page.keyboard.press('Enter');
  };
  /** Not waitForFunction: its polling needs eval, which the page's policy forbids. */
  const until = (expression: string) =>
    expect.poll(() => page.evaluate(expression), { timeout: 15_000 }).toBe(true);
  const last = () => page.locator('.message').last();
  const keep = async (name: string) => {
    if (!screenshots) return;
    await mkdir(screenshots, { recursive: true });
    await page.screenshot({ path: `${screenshots}/${name}.png` });
  };

  it('takes a first visitor from a CSV to a chart', async () => {
    await keep('welcome');
    await page.getByRole('button', { name: 'Fill in /upload' }).click();
    await page.locator('.upload.ready').waitFor();
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('Stored').waitFor();
    expect(sample.received.at(-1)).toMatchObject({ data: { name: 'upload', resolved: { attachments: {} } } });
    await page.getByRole('button', { name: 'Fill in /run' }).click();
    await page.getByRole('textbox', { name: 'code' }).press('Enter');
    const image = page.getByRole('button', { name: 'Enlarge Line chart of cups by month' }).locator('img');
    await image.waitFor();
    await until(ALL_IMAGES_SHOWN);
    await keep('chart');
    await page.getByRole('button', { name: 'Close this introduction' }).click();
    await page.reload();
    await page.locator('#text:focus').waitFor();
    expect(await page.locator('.welcome').count()).toBe(0);
    await expect.poll(() => page.locator('.message').count()).toBe(2);
  });

  it('offers commands, options and choices to the keyboard', async () => {
    await page.keyboard.type('/');
    await keep('picker');
    expect(await page.locator('#picker').getByRole('option').allTextContents()).toHaveLength(4);
    await page.keyboard.type('ru');
    await page.keyboard.press('Tab');
    expect(await page.locator('.command-title').textContent()).toBe('/run');
    await page.keyboard.type('fil');
    await page.keyboard.press('Enter');
    await page.keyboard.type('sal');
    await page.getByRole('option', { name: 'sales.csv · 1.2 MB' }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Tab');
    await page.locator('.more').fill('code:');
    await page.keyboard.type('x = 1');
    await page.keyboard.press('Enter');
    await last().getByText('Finished').waitFor();
    expect(sample.received.at(-1)).toMatchObject({
      data: {
        options: [
          { name: 'files', value: '1_2_deadbeef' },
          { name: 'code', value: 'x = 1' },
        ],
      },
    });
  });

  it('takes a whole command typed or pasted in one go', async () => {
    await say('/run code:print("a: b") private:true');
    await last().getByText('Only you can see this').waitFor();
    expect(sample.received.at(-1)).toMatchObject({
      data: {
        options: [
          { name: 'code', value: 'print("a: b")' },
          { name: 'private', type: 5, value: true },
        ],
      },
    });
  });

  it('says what Discord would say about a missing option', async () => {
    await say('/file get ');
    await page.getByRole('alert').getByText('This option is required').waitFor();
    expect(sample.received).toEqual([]);
  });

  it('lets a command go again by backspace', async () => {
    await page.keyboard.type('/run ');
    await page.locator('.more:focus').waitFor();
    await page.keyboard.press('Backspace');
    expect(await page.locator('#text').inputValue()).toBe('/run');
  });

  it('opens a modal, checks it, and sends what was filled in', async () => {
    await say('/run');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Run Python' });
    await dialog.waitFor();
    await keep('modal');
    await dialog.getByLabel('Code').fill('import x\nprint(1)');
    await dialog.locator('input[type=file]').setInputFiles([
      { name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from('x,y') },
      { name: 'b.csv', mimeType: 'text/csv', buffer: Buffer.from('1,2') },
    ]);
    await dialog.getByLabel('Show the result only to me').check();
    await dialog.getByRole('button', { name: 'Submit' }).click();
    await last().getByText('Finished').waitFor();
    expect(await dialog.count()).toBe(0);
    const { data } = sample.received.at(-1) as {
      data: { components: { component: object }[]; resolved: { attachments: object } };
    };
    expect(data.components.map(({ component }) => component)).toMatchObject([
      { custom_id: 'code', value: 'import x\nprint(1)' },
      { custom_id: 'stdin', value: '' },
      { custom_id: 'attach', values: Object.keys(data.resolved.attachments) },
      { custom_id: 'private', value: true },
    ]);
    expect(Object.keys(data.resolved.attachments)).toHaveLength(2);
  });

  it('shows "thinking", then the answer in its place', async () => {
    const exchange = sample.discord.invokeCommand({ name: 'run', options: { code: 'classic' } });
    await page.getByText('output.txt').waitFor();
    await exchange;
    expect(await page.locator('.message').count()).toBe(1);
    expect(await page.locator('.thinking').count()).toBe(0);
  });

  it('shows hostile output as text', async () => {
    await say('/run code:hostile');
    await last().getByText('onerror').waitFor();
    expect(await page.locator('.message img, .message script, .message [onclick]').count()).toBe(0);
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    expect(await page.locator('.message a[href^="javascript"]').count()).toBe(0);
  });

  it('downloads the file that a reply carries', async () => {
    await say('/run code:classic');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download output.txt' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('output.txt');
  });

  it('enlarges a picture and closes it again', async () => {
    await say('/run code:chart');
    await page.getByRole('button', { name: /^Enlarge/ }).click();
    await page.locator('dialog.lightbox[open]').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog.lightbox').waitFor({ state: 'detached' });
  });

  it('shows a private answer to its user alone, and dismisses it', async () => {
    await say('/files ');
    await page.keyboard.press('Enter');
    await page.getByText('Your files').waitFor();
    await page.getByLabel('Act as').selectOption('Grace');
    await page.getByText('Your files').waitFor({ state: 'detached' });
    await page.getByLabel('Act as').selectOption('Ada');
    await page.getByRole('button', { name: 'Dismiss message' }).click();
    await page.getByText('Your files').waitFor({ state: 'detached' });
  });

  it('sends a button’s click, which may open a modal', async () => {
    await say('/run code:boom');
    await page.getByRole('button', { name: 'Edit & run' }).click();
    await page.getByRole('dialog', { name: 'Run Python' }).waitFor();
    expect(sample.received.at(-1)).toMatchObject({ type: 3, data: { custom_id: 'edit' } });
  });

  it('runs a message command on a message with a file', async () => {
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.locator('#attach').click()]);
    await chooser.setFiles([{ name: 'main.py', mimeType: 'text/x-python', buffer: Buffer.from('print(1)') }]);
    await page.locator('.upload.ready').waitFor();
    await say('look at this');
    await last().getByText('look at this').waitFor();
    await last().hover();
    await last().getByLabel('Apps for this message').click();
    await page.getByRole('button', { name: 'Run code' }).click();
    await page.getByText('used').waitFor();
    const { data } = sample.received.at(-1) as {
      data: { target_id: string; resolved: { messages: Record<string, object> } };
    };
    expect(data.resolved.messages[data.target_id]).toMatchObject({ attachments: [{ filename: 'main.py' }] });
  });

  it('takes a file that is dropped on it into the command', async () => {
    await page.keyboard.type('/upload ');
    await page.locator('.more:focus').waitFor();
    const transfer = (await page.evaluateHandle(DROPPED_FILE)) as JSHandle<object>;
    await page.locator('#log').dispatchEvent('drop', { dataTransfer: transfer });
    await page.locator('.upload.ready').getByText('dropped.csv').waitFor();
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('Stored').waitFor();
  });

  it('refuses a file that is too large before it is sent', async () => {
    await page.keyboard.type('/upload ');
    await page.locator('.more:focus').waitFor();
    await page.locator('.more').fill('file:');
    await page
      .locator('.chip input[type=file]')
      .setInputFiles([
        { name: 'big.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(5_000_001) },
      ]);
    await page.locator('.upload.failed').getByText('Too large').waitFor();
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByRole('alert').getByText('big.bin').waitFor();
    expect(sample.received).toEqual([]);
  });

  it('says so when the application does not answer in time', async () => {
    sample.state.silent = true;
    await say('/files ');
    await page.keyboard.press('Enter');
    await page.getByText('The application did not respond').waitFor();
    await page.getByText('Why?').click();
    await page.getByText('No answer within').waitFor();
    await keep('failure');
  });

  it('stays within a phone’s width, whatever it shows', async () => {
    page = await open({ width: 360, height: 740 });
    await keep('phone-welcome');
    for (const code of ['chart', 'boom', 'classic', 'hostile']) {
      await say(`/run code:${code}`);
      await page.locator('#command-line').waitFor({ state: 'hidden' });
      await last().locator('.thinking').waitFor({ state: 'detached' });
    }
    await say('/files ');
    await page.keyboard.press('Enter');
    await page.getByText('Your files').waitFor();
    await keep('phone-files');
    const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    expect(overflow).toBeLessThanOrEqual(0);
    const wide = await page.evaluate(
      `[...document.querySelectorAll('.message')].filter((message) => message.scrollWidth > innerWidth).length`,
    );
    expect(wide).toBe(0);
  });

  it('can be used by touch', async () => {
    await context.close();
    context = await browser.newContext({
      viewport: { width: 360, height: 740 },
      hasTouch: true,
      isMobile: true,
    });
    page = await context.newPage();
    await page.goto(sample.playground.origin);
    await page.locator('#text').tap();
    await page.keyboard.type('/');
    await page.getByRole('option', { name: '/run' }).tap();
    await page.getByRole('option', { name: /^code/ }).tap();
    await page.keyboard.type('classic');
    await page.getByRole('button', { name: 'Send' }).tap();
    await page.getByText('output.txt').waitFor();
  });

  it('keeps whoever reads at the bottom there when a chart comes in', async () => {
    await say('/run code:chart');
    await last().getByRole('button', { name: 'Delete' }).waitFor();
    await until(
      `(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight < 2)(document.getElementById('log'))`,
    );
  });

  it('works under localhost too', async () => {
    page = await open(undefined, sample.playground.origin.replace('127.0.0.1', 'localhost'));
    await say('/run code:chart');
    await page.getByRole('button', { name: /^Enlarge/ }).waitFor();
    await until(ALL_IMAGES_SHOWN);
  });

  it('says plainly that another signer is configured, and takes no commands then', async () => {
    await context.close();
    await sample.close();
    const reason = 'Commands are off: another signer is configured by DISCORD_PUBLIC_KEY.';
    sample = await startSample({ sendingDisabled: reason, notices: ['Interactions are signed elsewhere.'] });
    context = await browser.newContext();
    page = await context.newPage();
    await page.goto(sample.playground.origin);
    await page.getByText('Interactions are signed elsewhere.').waitFor();
    expect(await page.locator('#text').isDisabled()).toBe(true);
    expect(await page.locator('#text').getAttribute('placeholder')).toBe(reason);
  });

  it('says what is being built while a run waits for it', async () => {
    page = await open();
    const words = page.getByText('Building polars for its first use: 1/2');
    expect(await words.count()).toBe(0);
    sample.activity.show('Building polars for its first use: 1/2');
    await words.waitFor();
    sample.activity.show(undefined);
    await words.waitFor({ state: 'hidden' });
  });

  it('waits until the system is ready, and says what for', async () => {
    sample.state.ready = false;
    page = await open();
    await page.getByText('Deploying the stack…').waitFor();
    sample.state.ready = true;
    await page.getByText('Deploying the stack…').waitFor({ state: 'hidden' });
  });
});

it('parses nothing as HTML and loads nothing from outside', async () => {
  const { readdir, readFile } = await import('node:fs/promises');
  const folder = new URL('../../../local/playground/page/', import.meta.url);
  for (const name of await readdir(folder)) {
    const source = await readFile(new URL(name, folder), 'utf8');
    if (/\.(js|html)$/.test(name)) {
      expect(source, name).not.toMatch(
        /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function/,
      );
    }
    if (/\.(js|html|css)$/.test(name))
      expect(source, name).not.toMatch(/(src|href)="https?:|url\(|@import "|from 'https?:/);
  }
});
