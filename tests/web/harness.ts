// What every journey needs: a server, a Chromium, a page that remembers what went wrong on it.
//
// The server is FARMZONE_URL, or FARMZONE_BIN started on a free port: with the workspace FARMZONE_DEMO when that is a
// .gpkg, else with the simulated city in that folder (default: demo/). Journeys take what they look for from the API,
// so that they hold on any workspace with zones, communes and land use.
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

// The packages live with the web app.
const require = createRequire(new URL('../../assets/package.json', import.meta.url));
const { chromium } = require('playwright-core') as typeof import('playwright-core');

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const OUT = fileURLToPath(new URL('./out/', import.meta.url));
export const AXE = require.resolve('axe-core/axe.min.js');

/** Software rendering on a busy machine is slow; nothing here measures time. */
export const PATIENCE_MS = 60_000;
/** Simulating and detecting the whole city with a debugging build takes minutes. */
const SERVER_PATIENCE_MS = 600_000;

const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--no-first-run',
];

export const DESKTOP = { width: 1360, height: 820 };
export const PHONE = { width: 390, height: 844 };

/** A phone that is touched. */
export const PHONE_TOUCHED = { viewport: PHONE, hasTouch: true, isMobile: true };
/** What everybody's reach is looked at in: name, browser, language. */
export const LOOKS = [
  ['desktop-light-vi', {}, 'vi'],
  ['desktop-dark-en', { colorScheme: 'dark' as const }, 'en'],
  ['phone-light-en', PHONE_TOUCHED, 'en'],
  ['phone-dark-vi', { ...PHONE_TOUCHED, colorScheme: 'dark' as const }, 'vi'],
] as const;

let url = '';
let server: ChildProcess | null = null;
let browser: Browser | null = null;

// Once for all files of journeys: they run in one process.
before(async () => {
  mkdirSync(OUT, { recursive: true });
  url = await start_server();
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: FLAGS,
    ignoreDefaultArgs: ['--headless'],
  });
});
after(async () => {
  await browser?.close();
  server?.kill('SIGTERM');
});

async function start_server(): Promise<string> {
  const given = process.env['FARMZONE_URL'];
  if (given) return given.replace(/\/$/, '');
  const demo = process.env['FARMZONE_DEMO'] ?? `${ROOT}demo`;
  const started = await serve(demo.endsWith('.gpkg') ? ['serve', demo] : ['demo', '--dir', demo]);
  server = started.child;
  return started.address;
}

function program(): string {
  const binary = process.env['FARMZONE_BIN'];
  assert.ok(binary, 'set FARMZONE_URL to a running server, or FARMZONE_BIN to the program');
  return binary;
}

/** Runs a command of the program to its end; what it prints. */
export function run(...args: string[]): string {
  return run_typing('', ...args);
}

/** The same, with what somebody would type. */
export function run_typing(typed: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program(), args, { encoding: 'utf8', input: typed });
  assert.equal(status, 0, `${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** Starts a server with one of the program's commands, and waits until it answers. */
export async function serve(command: string[]): Promise<{ address: string; child: ChildProcess }> {
  const bind = `127.0.0.1:${await free_port()}`;
  const child = spawn(program(), [...command, '--bind', bind], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  // A run that is cut short leaves no server behind.
  process.once('exit', () => child.kill('SIGTERM'));
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4_000)));
  const address = `http://${bind}`;
  const give_up = Date.now() + SERVER_PATIENCE_MS;
  while (!(await is_healthy(address))) {
    assert.equal(child.exitCode, null, `the server ended: ${said}`);
    assert.ok(Date.now() < give_up, `the server is not ready after ${SERVER_PATIENCE_MS / 1000} s: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return { address, child };
}

async function is_healthy(address: string): Promise<boolean> {
  try {
    return (await fetch(`${address}/health`)).ok;
  } catch {
    return false;
  }
}

function free_port(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

/** Where the server of all journeys is. */
export const serving = (): string => url;

/** What the API answers, for journeys that need something to look for. */
export async function api<T>(path: string): Promise<T> {
  const response = await fetch(url + path);
  assert.ok(response.ok, `${path}: ${response.status}`);
  return (await response.json()) as T;
}

export interface Visit {
  page: Page;
  /** Fails when the page broke its policy, logged an error, threw, or asked another host for anything. */
  assert_clean(): void;
  close(): Promise<void>;
}

export interface VisitOptions extends BrowserContextOptions {
  /** Runs before the page loads: for answers that a healthy server does not give. */
  prepare?: (page: Page) => Promise<unknown>;
  /** Console errors that the journey provokes. */
  expected?: RegExp;
  /** Another server than that of all journeys. */
  address?: string;
  /** A host that the page may ask too. */
  allowed?: string;
}

/**
 * Opens the page at `hash`, where motion is not wanted unless the journey is about it: a map that flies draws every
 * step of its way in software, and what still moves is missed by a click.
 */
export async function visit(
  hash = '',
  { prepare, expected, address = url, allowed = address, ...options }: VisitOptions = {},
): Promise<Visit> {
  assert.ok(browser, 'the browser is started before the first test');
  const context = await browser.newContext({
    viewport: DESKTOP,
    locale: 'vi-VN',
    colorScheme: 'light',
    reducedMotion: 'reduce',
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`threw: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    // The driver reads pixels back and the software renderer says that this is slow.
    if (/GPU stall due to ReadPixels/.test(message.text())) return;
    if (!expected?.test(message.text())) faults.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const known = [address, allowed].some((start) => request.url().startsWith(start));
    if (!known && !/^(blob|data):/.test(request.url())) faults.push(`asked ${request.url()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
    });
  });
  await prepare?.(page);
  await page.goto(`${address}/${hash}`);
  return {
    page,
    assert_clean: () => assert.deepEqual(faults, []),
    close: () => context.close(),
  };
}

/** Waits until all that is in view is drawn. */
export async function drawn(page: Page): Promise<void> {
  await page.locator('.map[aria-busy="false"]').waitFor();
}

/** Waits until the map has gone somewhere closer than `zoom`; the link says so when it has arrived. */
export async function at_zoom(page: Page, zoom: number): Promise<void> {
  await page.waitForFunction(
    (least) => Number(new URLSearchParams(location.hash.slice(1)).get('map')?.split('/')[0]) > least,
    zoom,
  );
}

/** The parameters of the address behind `#`. */
export function link_of(page: Page): URLSearchParams {
  return new URLSearchParams(new URL(page.url()).hash.slice(1));
}

interface AxeResult {
  violations: {
    id: string;
    help: string;
    nodes: { html: string; failureSummary?: string }[];
  }[];
}

/** Fails when axe-core finds anything on the page as it stands. */
export async function assert_accessible(page: Page, state: string): Promise<void> {
  await page.evaluate(await (await import('node:fs/promises')).readFile(AXE, 'utf8'));
  // Figures are dim while new ones are on their way.
  await page.waitForFunction(() => !document.querySelector('.stale'));
  const { violations } = await page.evaluate(
    // Motion is waited out: a colour half-way through its fade is no colour of ours.
    async () => {
      await Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => null)));
      return (globalThis as unknown as { axe: { run(): Promise<AxeResult> } }).axe.run();
    },
  );
  const found = violations.map(
    ({ id, help, nodes }) => `${id}: ${help}\n${nodes.map((n) => `  ${n.html}\n  ${n.failureSummary}`).join('\n')}`,
  );
  assert.deepEqual(found, [], `axe violations: ${state}`);
}
