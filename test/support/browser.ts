/** The system's Chromium for tests: never downloaded, and in CI never silently missing. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
export const isBrowserMissing = !existsSync(executablePath);

if (isBrowserMissing && process.env.CI === 'true') {
  throw new Error(
    `There is no browser at ${executablePath}. Install Chromium, or name one in CHROMIUM_PATH.`,
  );
}
if (isBrowserMissing) console.warn(`Skipped: no Chromium at ${executablePath}; name one in CHROMIUM_PATH.`);

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const launchBrowser = (): Promise<Browser> => chromium.launch({ executablePath, args: ARGUMENTS });
