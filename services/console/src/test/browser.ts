/** Chromium, and the console in it, used as a person would. */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from 'playwright-core';
import { API_KEY } from './world.js';

const program = process.env['CONCLAVE_CHROMIUM'] ?? '/usr/bin/chromium';

/** Whether there is a browser to test with. */
export const hasBrowser = existsSync(program);

/** A name that leads here but is neither HTTPS nor localhost: browsers keep their cryptography from its pages. */
export const INSECURE_HOST = 'conclave.test';

const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update'],
  `--host-resolver-rules=MAP ${INSECURE_HOST} 127.0.0.1`,
];

export const startBrowser = (): Promise<Browser> => chromium.launch({ executablePath: program, args: FLAGS });

/** A page that keeps what went wrong in it: faults of scripts and violations of the content policy. */
export interface WatchedPage {
  readonly page: Page;
  readonly faults: readonly string[];
}

export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: { width: 1360, height: 860 },
    reducedMotion: 'reduce',
    ...options,
  });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    const refusedByTheEdge = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !refusedByTheEdge) faults.push(message.text());
  });
  return { page, faults };
}

/** Signs in through the form, by keyboard alone. */
export async function signIn(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.getByLabel('API key').waitFor();
  await page.keyboard.type(API_KEY);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: /^(?!Sign in)/ }).waitFor();
}

/** Waits until a person would see it. */
export const see = (what: Locator): Promise<void> => what.first().waitFor({ timeout: 15_000 });

/** Waits until nobody would see it any more. */
export const gone = (what: Locator): Promise<void> => what.first().waitFor({ state: 'hidden', timeout: 15_000 });
