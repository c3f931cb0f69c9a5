import { expect, test } from 'vitest';
import { followed, readdressed, touched_tiles, touches, type TileNews } from './tile_news.ts';

const news: TileNews = {
  revision: 18,
  since: 17,
  pin: 'new',
  near_zoom: 12,
  bounds: [[105.85, 21.02, 105.851, 21.021]],
};

test('near tiles are touched where something changed, and in the margin beside it', () => {
  // Zoom 14: the place lies in column 13009, row 7213.
  const touched = touched_tiles(news, 14, [105.7, 20.9, 106, 21.2]);
  expect(touched).toEqual([[14, 13009, 7213]]);
  expect(touches(news, [14, 13010, 7213])).toBe(false);
  const beside: TileNews = { ...news, bounds: [[105.84, 21.02, 105.842, 21.021]] };
  expect(touched_tiles(beside, 14, [105.7, 20.9, 106, 21.2]).map(([, x]) => x)).toEqual([13008, 13009]);
});

test('far tiles are those that are named', () => {
  expect(touches(news, [9, 406, 225])).toBe(false);
  const far: TileNews = { revision: 18, since: 17, near_zoom: 12, tiles: [[9, 406, 225]] };
  expect(touches(far, [9, 406, 225])).toBe(true);
  expect(touches(far, [9, 407, 225])).toBe(false);
  expect(touches(far, [14, 13009, 7213])).toBe(false);
});

test('a touched tile has the address of the revision that touched it, the others keep theirs', () => {
  const at = (tile: string, rev: number) =>
    `http://127.0.0.1:1/tiles/zones,units/${tile}?rev=${rev}&pin=old&epoch=2025`;
  expect(readdressed(at('14/13009/7213', 17), [news])).toContain('rev=18&pin=new&epoch=2025');
  expect(readdressed(at('14/13020/7213', 17), [news])).toBe(at('14/13020/7213', 17));
  expect(readdressed(at('14/13009/7213', 18), [news])).toBe(at('14/13009/7213', 18));
  expect(readdressed('http://127.0.0.1:1/styles/light.json?lang=vi', [news])).toBe(
    'http://127.0.0.1:1/styles/light.json?lang=vi',
  );
});

test('a map follows both messages of a change, and says when it cannot', () => {
  const [shown, near] = [
    { near: 17, far: 17, epoch: '2025' },
    { ...news, epoch: '2025' },
  ];
  const far: TileNews = { revision: 18, since: 17, pin: 'new', epoch: '2025', near_zoom: 12, tiles: [] };
  const half = { near: 18, far: 17, epoch: '2025' };
  expect(followed(shown, near)).toEqual(half);
  expect(followed(half, far)).toEqual({ near: 18, far: 18, epoch: '2025' });
  // A style of the new revision came in between.
  expect(followed({ near: 18, far: 18, epoch: '2025' }, far)).toEqual({ near: 18, far: 18, epoch: '2025' });
  // The second message was lost: a stream that opens again tells the revision alone.
  expect(followed(half, { revision: 18 })).toBeNull();
  expect(followed(half, { ...near, since: 18, revision: 19 })).toBeNull();
  expect(followed({ ...shown, epoch: '2019' }, near)).toBeNull();
  expect(followed(shown, { revision: 17 })).toBe(shown);
});
