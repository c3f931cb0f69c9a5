// Copies the page's and the map's fonts out of the npm package, so that both find them under /fonts/.
// Vietnamese needs all three subsets: "Ứng Hòa" mixes letters of latin, latin-ext and vietnamese.
import { copyFileSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const from = new URL('../node_modules/@fontsource/be-vietnam-pro/', import.meta.url);
const to = new URL('../public/fonts/', import.meta.url);

mkdirSync(to, { recursive: true });
for (const subset of ['vietnamese', 'latin', 'latin-ext']) {
  for (const weight of [400, 600]) {
    const name = `be-vietnam-pro-${subset}-${weight}-normal.woff2`;
    copyFileSync(fileURLToPath(new URL(`files/${name}`, from)), fileURLToPath(new URL(name, to)));
  }
}
copyFileSync(fileURLToPath(new URL('LICENSE', from)), fileURLToPath(new URL('LICENSE', to)));
