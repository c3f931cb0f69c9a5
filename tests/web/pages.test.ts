// Pages that the server writes, for readers whose browser runs no script: the list of zones and the page of each.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert_accessible, LOOKS, OUT, serving, visit } from './harness.ts';
import { a_zone_with_losses } from './subjects.ts';

for (const [name, options, lang] of LOOKS) {
  test(`${name}: the list of zones and the page of one, in its language and on its screen`, async () => {
    const zone = await a_zone_with_losses();
    const { page, assert_clean, close } = await visit(`zones?lang=${lang}&q=${encodeURIComponent(zone.id)}`, options);
    const is_english = lang === 'en';
    await page.getByRole('heading', { name: is_english ? 'Zones' : 'Danh sách vùng', exact: true }).waitFor();
    await assert_accessible(page, `${name}: the list of zones`);
    await page.screenshot({ path: `${OUT}${name}-zones-page.png` });
    await page
      .getByRole('link', { name: zone.name ?? '', exact: true })
      .first()
      .click();
    await page.getByRole('heading', { level: 1, name: zone.name ?? '' }).waitFor();
    const pieces = page.getByRole('table', { name: is_english ? /the largest first/ : /lớn nhất trước/ });
    assert.equal(await pieces.locator('tbody tr').count(), Math.min(zone.n_events, 200));
    assert.ok((await page.getByRole('img').count()) > 1, 'a map of each epoch');
    assert.ok(
      await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth),
      'as wide as the window',
    );
    await assert_accessible(page, `${name}: the page of a zone`);
    await page.screenshot({ path: `${OUT}${name}-zone-page.png`, fullPage: true });
    assert_clean();
    await close();
  });
}

test('without JavaScript the map’s page leads to the zones, the form finds one, and its page leads back', async () => {
  const zone = await a_zone_with_losses();
  const { page, assert_clean, close } = await visit('', { javaScriptEnabled: false });
  await page.getByRole('link', { name: /Danh sách vùng/ }).click();
  await page.getByRole('searchbox').fill(zone.id);
  await page.getByRole('button', { name: 'Tìm' }).click();
  await page
    .getByRole('link', { name: zone.name ?? '', exact: true })
    .first()
    .click();
  await page.getByRole('heading', { level: 1, name: zone.name ?? '' }).waitFor();
  await page.getByRole('link', { name: 'English' }).click();
  await page.getByRole('heading', { name: 'What was lost when' }).waitFor();
  assert.equal(
    await page.getByRole('link', { name: 'See it on the map' }).getAttribute('href'),
    `../#zone=${encodeURIComponent(zone.id)}`,
  );
  assert_clean();
  await close();
});

test('from the zone’s card to its page', async () => {
  const zone = await a_zone_with_losses();
  const { page, assert_clean, close } = await visit(`#zone=${encodeURIComponent(zone.id)}`);
  const opened = page.waitForEvent('popup');
  await page.getByRole('complementary').getByRole('link', { name: 'Chuyện gì đã xảy ra ở đây' }).click();
  const story = await opened;
  await story.getByRole('heading', { level: 1, name: zone.name ?? '' }).waitFor();
  await story.close();
  assert_clean();
  await close();
});

test('files of the page come packed as small as the reader takes them', async () => {
  const script = /src="\.\/(assets\/index-[^"]+\.js)"/.exec(await (await fetch(serving())).text())?.[1] ?? '';
  const answers = await Promise.all(
    ['br', 'gzip', 'identity'].map(async (coding) => {
      const answer = await fetch(`${serving()}/${script}`, { headers: { 'accept-encoding': coding } });
      assert.equal(answer.headers.get('content-encoding') ?? 'identity', coding);
      assert.match(answer.headers.get('vary') ?? '', /accept-encoding/i);
      return { bytes: Number(answer.headers.get('content-length')), text: await answer.text() };
    }),
  );
  const [br, gzip, plain] = answers.map(({ bytes }) => bytes);
  assert.ok(br && gzip && plain && br < gzip * 0.9 && gzip < plain * 0.4, `${br} ${gzip} ${plain} bytes`);
  assert.equal(new Set(answers.map(({ text }) => text)).size, 1);
});
