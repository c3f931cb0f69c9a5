// Adds up what a first visit transfers, gzipped, and fails when it is over the budget.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const BUDGET_BYTES = 600 * 1024;
/** Compressed already: a server sends them as they are. */
const COMPRESSED = /\.woff2$/;
/** Those in other codings are counted as what they are of. */
/** `pages.css` is of the pages without script. */
const NOT_SENT = /LICENSE$|\.(gz|br)$|^pages\.css$/;

const dist = fileURLToPath(new URL('../dist/', import.meta.url));

/** Files that the page asks for only when a reader does: named by `import(…)`, with their styles, and by no page. */
function later(): Set<string> {
  const page = readFileSync(join(dist, 'index.html'), 'utf8');
  const names = readdirSync(join(dist, 'assets')).filter((name) => /\.(js|css)$/.test(name));
  const code = names
    .filter((name) => name.endsWith('.js'))
    .map((name) => readFileSync(join(dist, 'assets', name), 'utf8'));
  const lists = code.flatMap((text) => [...text.matchAll(/__vite__mapDeps=.*?\[([^\]]*)\]/g)].map((found) => found[1]));
  const is_later = (name: string) =>
    code.some((text) => text.includes(`import(\`./${name}\`)`)) || lists.some((list) => list?.includes(`/${name}"`));
  return new Set(names.filter((name) => is_later(name) && !page.includes(name)).map((name) => join('assets', name)));
}

const not_at_first = later();
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
  const is_first = !not_at_first.has(name);
  if (is_first) total_bytes += bytes;
  console.log(`${(bytes / 1024).toFixed(1).padStart(8)} KiB  ${name}${is_first ? '' : ' (later)'}`);
}
console.log(`${(total_bytes / 1024).toFixed(1).padStart(8)} KiB  at first, of ${BUDGET_BYTES / 1024} KiB allowed`);
if (total_bytes > BUDGET_BYTES) {
  console.error('The page has become too heavy: see which file grew, or load it later.');
  process.exit(1);
}
