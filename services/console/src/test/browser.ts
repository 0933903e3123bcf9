/** Chromium, and the console in it, used as a person would. */
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium, type Browser, type CDPSession, type Locator, type Page } from 'playwright-core';
import { API_KEY } from './world.js';

const program = process.env['CONCLAVE_CHROMIUM'] ?? '/usr/bin/chromium';

/** Whether there is a browser to test with. */
export const hasBrowser = existsSync(program);

/** The console as it ships, which `npm test` has built; a copy, because another command may build it anew meanwhile. */
function copyOfConsole(): string {
  const dir = mkdtempSync(join(tmpdir(), 'conclave-console-'));
  cpSync(resolve(import.meta.dirname, '../../../../dist'), dir, { recursive: true });
  return dir;
}

/** A name that leads here but is neither HTTPS nor localhost: browsers keep their cryptography from its pages. */
export const INSECURE_HOST = 'conclave.test';

const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update'],
  `--host-resolver-rules=MAP ${INSECURE_HOST} 127.0.0.1`,
];

/** One browser with one page, the console it is to show, and where an edge can serve it. */
export interface Desk {
  readonly consoleDir: string;
  /** Of one address for all tests: the browser keeps the console's code compiled by where it came from. */
  readonly server: Server;
  readonly watched: WatchedPage;
  close(): Promise<void>;
}

export async function openDesk(): Promise<Desk> {
  const consoleDir = copyOfConsole();
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const browser = await chromium.launch({ executablePath: program, args: FLAGS });
  return {
    ...{ consoleDir, server },
    watched: await openPage(browser),
    async close() {
      await browser.close();
      server.close();
      rmSync(consoleDir, { recursive: true });
    },
  };
}

/** A page that keeps what went wrong in it: faults of scripts and violations of the content policy. */
export interface WatchedPage {
  readonly page: Page;
  readonly session: CDPSession;
  readonly faults: string[];
}

async function openPage(browser: Browser): Promise<WatchedPage> {
  const page = await browser.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    const refusedByTheEdge = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !refusedByTheEdge) faults.push(message.text());
  });
  return { page, session: await page.context().newCDPSession(page), faults };
}

/** Makes a page as good as new: a window of its own for each test would cost as much as the test. */
export async function renew({ watched: { page, session, faults }, server }: Desk): Promise<void> {
  await page.goto('about:blank');
  await page.context().clearCookies();
  const { port } = server.address() as AddressInfo;
  for (const host of ['127.0.0.1', 'localhost', INSECURE_HOST]) {
    const origin = `http://${host}:${port}`;
    await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'local_storage' });
  }
  await page.setViewportSize({ width: 1360, height: 860 });
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  faults.splice(0);
}

/** Signs in through the form, by keyboard alone. */
export async function signIn(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.getByLabel('API key').focus();
  await page.keyboard.type(API_KEY);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: /^(?!Sign in)/ }).waitFor();
}

/** Comes as somebody who signed in before: the edge's cookie and its word are there, the form is not seen. */
export async function enterAt(page: Page, url: string, path: string): Promise<void> {
  const signedIn = await page.request.post(`${url}/v1/sign-ins`, { data: { apiKey: API_KEY } });
  const { csrf } = (await signedIn.json()) as { csrf: string };
  await page.goto(url + path);
  await page.evaluate((word) => localStorage.setItem('conclave.csrf', word), csrf);
  await page.getByRole('heading', { level: 1, name: /^(?!Sign in)/ }).waitFor();
}

/** An authenticator of the browser's own, with somebody at it whom it recognises. @returns what takes it away */
export async function addAuthenticator(page: Page): Promise<() => Promise<void>> {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true },
      ...{ hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    },
  });
  return () => session.detach();
}

/** Waits until a person would see it. */
export const see = (what: Locator): Promise<void> => what.first().waitFor({ timeout: 30_000 });

/** Waits until nobody would see it any more. */
export const gone = (what: Locator): Promise<void> => what.first().waitFor({ state: 'hidden', timeout: 30_000 });
