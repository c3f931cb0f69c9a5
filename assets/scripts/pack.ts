// Packs what the build made as small as gzip and Brotli can: at every visit there is no time for it, here there is.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** Smaller ones gain nothing that a reader would notice. */
const LEAST_BYTES = 1024;
const WORTH_IT = /\.(js|css|html|svg|json)$/;

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) => WORTH_IT.test(name))) {
  const path = join(dist, name);
  const content = readFileSync(path);
  if (content.length < LEAST_BYTES) continue;
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
  writeFileSync(`${path}.br`, brotliCompressSync(content, { params }));
}
