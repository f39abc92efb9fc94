/** The README's first chart, word for word: its commands and its code, in a browser, through the whole stack. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../functions/shared/log.ts';
import { readSettings } from '../../local/settings.ts';
import { type RunningSlashbox, startSlashbox } from '../../local/slashbox.ts';
import { PROJECT_ROOT } from '../../scripts/lib/paths.mjs';
import { ensureSetup } from '../../scripts/setup.mjs';
import { isBrowserMissing, launchBrowser } from '../support/browser.ts';

/** For looking at, and for the README: SCREENSHOTS=folder keeps pictures. */
const screenshots = process.env.SCREENSHOTS;

describe.skipIf(isBrowserMissing)('the walk-through of the README', () => {
  let folder: string;
  let section: string;
  let box: RunningSlashbox;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    // Where the data of `npm start` lie: inside the project.
    await mkdir(join(PROJECT_ROOT, '.slashbox'), { recursive: true });
    folder = await mkdtemp(join(PROJECT_ROOT, '.slashbox', 'walk-'));
    const readme = await readFile(join(PROJECT_ROOT, 'README.md'), 'utf8');
    section = /### A first chart\n(.*?)\n###/s.exec(readme)?.[1] ?? '';
    const setup = await ensureSetup();
    box = await startSlashbox({
      settings: readSettings({ PORT: '0', SLASHBOX_HOME: join(folder, 'home') }, PROJECT_ROOT),
      projectDir: PROJECT_ROOT,
      python: setup.python,
      packages: setup.packages ?? '',
      log: createLog({}, () => undefined),
    });
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1100, height: 1180 }, colorScheme: 'dark' });
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await box?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const keep = async (name: string) => {
    if (!screenshots) return;
    await mkdir(screenshots, { recursive: true });
    await page.screenshot({ path: join(screenshots, `${name}.png`) });
  };
  const last = () => page.locator('.message').last();

  it('makes the data set with the command that it names', async () => {
    const command = /npm run exec -- (\S+) --out \./.exec(section)?.[1] ?? 'no command found';
    await promisify(execFile)(
      process.execPath,
      [join(PROJECT_ROOT, 'scripts', 'run.mjs'), 'exec', join(PROJECT_ROOT, command), '--out', '.'],
      { cwd: folder, env: { ...process.env, INIT_CWD: folder } },
    );
    expect(await readFile(join(folder, 'stocks.csv'), 'utf8')).toMatch(/^Date,IBM,AAPL,MSFT\n/);
  });

  it('uploads it', async () => {
    await page.goto(box.url);
    await page.locator('#text:focus').waitFor();
    await page.keyboard.type('/upload ');
    await page.locator('.more').fill('file:');
    await page.locator('.chip input[type=file]').setInputFiles(join(folder, 'stocks.csv'));
    await page.locator('.upload.ready').waitFor();
    await page.getByRole('button', { name: 'Send' }).click();
    await last().getByText('Stored').waitFor({ timeout: 30_000 });
    await keep('uploaded');
  });

  it('draws it with the code that it shows', async () => {
    const indented = /```python\n(.*?)\n\s*```/s.exec(section)?.[1] ?? '';
    const code = indented.replace(/^ {3}/gm, '');
    expect(code).toContain('seaborn');
    await page.keyboard.type('/run');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Run Python' });
    await dialog.getByLabel('Code').fill(code);
    await keep('editor');
    await dialog.getByRole('button', { name: 'Submit' }).click();
    await last().getByText('Finished').waitFor({ timeout: 60_000 });
    expect(await last().innerText()).toMatch(/mean\s+[\d.]+\s+[\d.]+\s+[\d.]+/);
    expect(await last().innerText()).toMatch(/installed seaborn/);
    const image = last()
      .getByRole('button', { name: /^Enlarge/ })
      .locator('img');
    await image.waitFor();
    const width = () => image.evaluate((shown: unknown) => (shown as { naturalWidth: number }).naturalWidth);
    await expect.poll(width).toBeGreaterThan(300);
    await page.mouse.move(0, 0);
    await keep('chart');
  });

  it('finds the file again in another run, and lists it', async () => {
    await page.locator('#text').fill('/run code:print(len(open("stocks.csv").readlines()), "lines")');
    await page.keyboard.press('Enter');
    await last().getByText('392 lines').waitFor({ timeout: 30_000 });
    await page.locator('#text').fill('/files ');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await last().getByText('Your files').waitFor({ timeout: 30_000 });
    await keep('files');
  });

  it('fits a phone', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.reload();
    await last().getByText('Your files').waitFor();
    await keep('phone');
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
  });
});
