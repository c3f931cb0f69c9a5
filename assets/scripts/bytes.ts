// Adds up what a first visit transfers, gzipped, and fails when it is over the budget.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const BUDGET_BYTES = 600 * 1024;
/** Compressed already: a server sends them as they are. */
const COMPRESSED = /\.woff2$/;
const NOT_SENT = /LICENSE$/;

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
let total_bytes = 0;
for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' }).sort()) {
  const path = join(dist, name);
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch {
    continue; // a folder
  }
  if (NOT_SENT.test(name)) continue;
  const bytes = COMPRESSED.test(name) ? content.length : gzipSync(content, { level: 9 }).length;
  total_bytes += bytes;
  console.log(`${(bytes / 1024).toFixed(1).padStart(8)} KiB  ${name}`);
}
console.log(`${(total_bytes / 1024).toFixed(1).padStart(8)} KiB  in all, of ${BUDGET_BYTES / 1024} KiB allowed`);
if (total_bytes > BUDGET_BYTES) {
  console.error('The page has become too heavy: see which file grew, or load it later.');
  process.exit(1);
}
