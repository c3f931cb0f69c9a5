// Pictures to look at, in tests/web/out/, and the README's, in docs/: each shows a state that the other journeys test.
import assert from 'node:assert/strict';
import { mkdirSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { drawn, OUT, PHONE, visit, type VisitOptions } from './harness.ts';
import { a_zone_with_losses, figures } from './subjects.ts';

const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url));

async function picture(file: string, hash: string, options: VisitOptions, tab?: string): Promise<void> {
  const { page, assert_clean, close } = await visit(hash, options);
  await page.getByRole('heading').first().waitFor();
  if (tab) await page.getByRole('tab').filter({ hasText: tab }).click();
  await drawn(page);
  // Labels and the map fade in, cards slide.
  await page.waitForTimeout(800);
  await drawn(page);
  await page.screenshot({ path: file });
  assert.ok(statSync(file).size > 20_000, `${file} shows hardly anything`);
  assert_clean();
  await close();
}

test('the picture of the README', async () => {
  const zone = await a_zone_with_losses();
  const [lon, lat] = zone.center;
  mkdirSync(DOCS, { recursive: true });
  await picture(`${DOCS}screenshot.png`, `#map=12.2/${lat}/${lon}&zone=${encodeURIComponent(zone.id)}`, {});
});

test('the pictures of docs/tiles.md', async () => {
  const zone = await a_zone_with_losses();
  const [lon, lat] = zone.center;
  mkdirSync(`${DOCS}pictures`, { recursive: true });
  const small = { viewport: { width: 420, height: 420 } };
  for (const zoom of [8, 10, 12]) {
    const { page, close } = await visit(`#map=${zoom}/${lat}/${lon}&layers=zones`, small);
    await drawn(page);
    await page.waitForTimeout(800);
    await drawn(page);
    // The map alone: what lies over it is in the other pictures.
    await page.evaluate(() => {
      document.body.style.visibility = 'hidden';
      const map = document.querySelector<HTMLElement>('.map');
      if (map) map.style.visibility = 'visible';
    });
    const file = `${DOCS}pictures/tiles-z${zoom}.png`;
    await page.locator('.map').screenshot({ path: file });
    assert.ok(statSync(file).size > 8_000, `${file} shows hardly anything`);
    await close();
  }
});

test('pictures of every look', async () => {
  const zone = await a_zone_with_losses();
  const [lon, lat] = zone.center;
  const { epochs } = await figures();
  const near = `map=13.6/${lat}/${lon}&zone=${encodeURIComponent(zone.id)}`;
  const phone = {
    viewport: PHONE,
    hasTouch: true,
    isMobile: true,
    deviceScaleFactor: 2,
  };
  const dark = { colorScheme: 'dark' as const };
  await picture(`${OUT}desktop-light-vi.png`, '', {});
  await picture(`${OUT}desktop-dark-en.png`, '#lang=en', dark);
  await picture(`${OUT}desktop-zone-dark-en.png`, `#${near}&lang=en`, dark);
  await picture(`${OUT}desktop-oldest.png`, `#map=12.2/${lat}/${lon}&epoch=${epochs[0]}`, {});
  await picture(`${OUT}desktop-landuse.png`, `#map=12.2/${lat}/${lon}&layers=landuse,units,context,labels`, {}, 'Lớp');
  await picture(`${OUT}desktop-list.png`, `#map=13/${lat}/${lon}&kind=${zone.kind}`, {}, 'Danh sách');
  await picture(`${OUT}phone-light-vi.png`, '', phone);
  await picture(`${OUT}phone-zone-vi.png`, `#${near}`, phone);
  await picture(`${OUT}phone-zone-dark-en.png`, `#${near}&lang=en`, {
    ...phone,
    ...dark,
  });
});
