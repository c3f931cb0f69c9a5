// Draws tiles/patterns/*.svg into the sprites of the map's styles, tiles/sprites/{theme}{,@2x}.{png,json}, in the theme's ink.
// The sprites are kept with the sources: run this after a pattern changed. PROGRAM is a Chromium.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const TILES = fileURLToPath(new URL('../../tiles/', import.meta.url));
const SIDE = 16;
/** Dark enough to tell kinds apart, light enough to leave their colours. */
const INKS = { light: 'rgb(31 42 36 / 20%)', dark: 'rgb(233 236 232 / 18%)', print: 'rgb(0 0 0 / 55%)' };

const names = readdirSync(`${TILES}patterns`)
  .filter((name) => name.endsWith('.svg'))
  .map((name) => name.slice(0, -4))
  .sort();
const browser = await chromium.launch({
  executablePath: process.env['PROGRAM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
mkdirSync(`${TILES}sprites`, { recursive: true });
for (const [theme, ink] of Object.entries(INKS)) {
  for (const ratio of [1, 2]) {
    const pictures = names.map((name) => readFileSync(`${TILES}patterns/${name}.svg`, 'utf8')).join('');
    const page = await browser.newPage({
      viewport: { width: SIDE * names.length, height: SIDE },
      deviceScaleFactor: ratio,
    });
    await page.setContent(
      `<style>body { display: flex; margin: 0; background: none; color: ${ink} } svg { display: block }</style>${pictures}`,
    );
    const file = `${TILES}sprites/${theme}${ratio === 2 ? '@2x' : ''}`;
    writeFileSync(`${file}.png`, await page.screenshot({ omitBackground: true }));
    const side = SIDE * ratio;
    const places = names.map((name, i) => [name, { x: i * side, y: 0, width: side, height: side, pixelRatio: ratio }]);
    writeFileSync(`${file}.json`, `${JSON.stringify(Object.fromEntries(places), null, 2)}\n`);
    await page.close();
  }
}
await browser.close();
