// The map's styles are what the style specification says a style is.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { api, serving } from './harness.ts';

const require = createRequire(new URL('../../assets/package.json', import.meta.url));
type Validate = (style: unknown) => { message: string }[];
const { validateStyleMin } = require('@maplibre/maplibre-gl-style-spec') as { validateStyleMin: Validate };

interface Style {
  sprite: string;
  layers: { id: string; paint?: Record<string, unknown> }[];
}

for (const theme of ['light', 'dark', 'print']) {
  test(`the ${theme} style is valid in both languages and both palettes of land use, and its patterns are there`, async () => {
    for (const lang of ['vi', 'en']) {
      for (const landuse of ['screen', 'official']) {
        const style = await api<Style>(`/styles/${theme}.json?lang=${lang}&landuse=${landuse}`);
        assert.deepEqual(validateStyleMin(style), [], `${lang} ${landuse}`);
      }
    }
    const style = await api<Style>(`/styles/${theme}.json`);
    assert.equal(style.sprite, `${serving()}/sprites/${theme}`);
    const [, , ...cases] = style.layers.find(({ id }) => id === 'zones-pattern')?.paint?.['fill-pattern'] as string[];
    const wanted = cases.filter((_, i) => i % 2 === 1);
    assert.ok(wanted.length >= 8, `patterns ${wanted.join(' ')}`);
    for (const ratio of ['', '@2x']) {
      const places = await api<Record<string, { x: number; width: number }>>(`/sprites/${theme}${ratio}.json`);
      assert.deepEqual(
        wanted.filter((name) => !(name in places)),
        [],
      );
      const picture = await fetch(`${serving()}/sprites/${theme}${ratio}.png`);
      assert.equal(picture.headers.get('content-type'), 'image/png');
      const width = Buffer.from(await picture.arrayBuffer()).readUInt32BE(16);
      assert.equal(width, Math.max(...Object.values(places).map((place) => place.x + place.width)));
    }
  });
}
