import { describe, expect, test } from 'vitest';
import { basemap_of, of_style, outlines, pictures, underlaid } from './basemap.ts';
import type { Style } from './dress.ts';

const OURS: Style = {
  sources: { farmzone: { type: 'vector' } },
  layers: [
    { id: 'background', type: 'background' },
    { id: 'landuse-fill', type: 'fill', source: 'farmzone' },
    { id: 'zones-fill', type: 'fill', source: 'farmzone' },
  ],
};
const ids = (style: { layers: readonly { id: string }[] }) => style.layers.map(({ id }) => id);

describe('a basemap', () => {
  test('is the one that the style names, and none where it names none', () => {
    expect(basemap_of(OURS)).toBeNull();
    const basemap = { url: 'https://a.vn/{z}/{x}/{y}.png', kind: 'raster', attribution: '© A' } as const;
    expect(basemap_of({ ...OURS, metadata: { 'farmzone:basemap': basemap } })).toEqual(basemap);
  });

  test('lies on the ground and below the land, and takes nothing of ours away', () => {
    const under = pictures({ tiles: ['https://a.vn/{z}/{x}/{y}.png'] }, 'light');
    const style = underlaid(OURS, under);
    expect(ids(style)).toEqual(['background', 'basemap-pictures', 'landuse-fill', 'zones-fill']);
    expect(Object.keys(style.sources)).toEqual(['basemap-source', 'farmzone']);
    expect(underlaid(OURS, null)).toBe(OURS);
  });

  test('of pictures is darker where the page is', () => {
    expect(pictures({}, 'dark').layers[0]?.paint).toHaveProperty('raster-brightness-max');
    expect(pictures({}, 'light').layers[0]?.paint).not.toHaveProperty('raster-brightness-max');
  });

  test('of vectors without a style shows each of its layers', () => {
    const under = outlines({ url: 'https://a.vn/t.json' }, [{ id: 'roads' }, { id: 3 }, null], 'light');
    expect(ids(under)).toEqual(['basemap-fill-roads', 'basemap-line-roads']);
  });

  test('of another style keeps its colours under names of its own, without names, signs and pictures', () => {
    const theirs: Style = {
      sources: {
        farmzone: { type: 'vector', url: 'tiles.json' },
        pics: { type: 'raster', tiles: ['/{z}/{x}/{y}.png'] },
      },
      layers: [
        { id: 'background', type: 'background', paint: { 'background-color': '#fff' } },
        {
          id: 'zones-fill',
          type: 'fill',
          source: 'farmzone',
          'source-layer': 'x',
          metadata: { 'farmzone:switch': 'zones' },
        },
        { id: 'hatched', type: 'fill', source: 'farmzone', paint: { 'fill-pattern': 'hatch' } },
        { id: 'names', type: 'symbol', source: 'farmzone' },
      ],
    };
    const under = of_style(theirs, 'https://a.vn/styles/one.json');
    expect(ids(under)).toEqual(['basemap-background', 'basemap-zones-fill']);
    expect(under.layers[1]).toMatchObject({ source: 'basemap-farmzone', metadata: {} });
    expect(under.sources).toEqual({
      'basemap-farmzone': { type: 'vector', url: 'https://a.vn/styles/tiles.json' },
      'basemap-pics': { type: 'raster', tiles: ['https://a.vn/{z}/{x}/{y}.png'] },
    });
  });
});
