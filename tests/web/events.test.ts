// Pieces of lost land: a card each, filters, the years, what became what.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { api, assert_accessible, at_zoom, drawn, link_of, OUT, PHONE, visit } from './harness.ts';
import { a_zone_with_losses, figures, hectares } from './subjects.ts';

interface EventFacts {
  id: string;
  zone_id: string;
  code_name: { vi: string; en: string };
  right: string;
  right_name: { vi: string; en: string };
  since: string;
  center: [number, number];
  evidence: { label: string; counts: boolean }[];
  epochs: { epoch: string }[];
}

/** The largest piece of a right. */
async function an_event(right: string): Promise<EventFacts> {
  const found = await api<{ features: { id: string }[] }>(`/api/v1/encroachments?right=${right}&limit=1`);
  const [first] = found.features;
  assert.ok(first, `the workspace has no ${right} event`);
  return (await api<{ properties: EventFacts }>(`/api/v1/encroachments/${first.id}`)).properties;
}

const n_events = async (query: string): Promise<number> => (await figures(query)).totals.n_events;

test('a click on a piece of lost land opens its card, with what its right rests on', async () => {
  const event = await an_event('permitted');
  const [lon, lat] = event.center;
  const { page, assert_clean, close } = await visit(`#map=15/${lat}/${lon}`);
  await drawn(page);
  await page.mouse.click(680, 410);
  const card = page.getByRole('complementary', { name: 'Mảnh đất mất được chọn' });
  await card.getByRole('heading', { level: 2, name: event.code_name.vi }).waitFor();
  assert.equal(link_of(page).get('event'), event.id);
  assert.equal(link_of(page).get('zone'), null);
  await card.getByRole('heading', { name: event.right_name.vi }).waitFor();
  const decision = event.evidence.find((item) => item.label.includes('/'));
  assert.ok(decision, 'a permitted event rests on a decision');
  await card.getByText(decision.label, { exact: true }).first().waitFor();
  assert.equal(await card.getByRole('table').locator('tbody tr').count(), event.epochs.length);
  await card.getByText('không phải kết luận').waitFor();
  // The card's zone is a step away, and back leads here again.
  await card.locator('dd button').click();
  await page.getByRole('complementary', { name: 'Vùng được chọn' }).getByRole('heading', { level: 2 }).waitFor();
  assert.equal(link_of(page).get('zone'), event.zone_id);
  await page.goBack();
  await card.getByRole('heading', { level: 2 }).waitFor();
  await page.keyboard.press('Escape');
  await card.waitFor({ state: 'detached' });
  assert_clean();
  await close();
});

test('a link opens an event’s card, in English and on a phone; a year before it says so', async () => {
  const event = await an_event('planned');
  const { epochs } = await figures();
  const before = epochs.filter((epoch) => epoch < event.since).at(-1);
  const { page, close } = await visit(`#event=${event.id}&lang=en`, {
    viewport: PHONE,
    hasTouch: true,
    isMobile: true,
    // The older year does not know the piece, which the page asks for first.
    expected: /404/,
  });
  await drawn(page);
  const sheet = page.locator('.sheet');
  await sheet.getByRole('heading', { level: 2, name: event.code_name.en }).waitFor();
  await sheet.getByText('not a verdict on anybody').waitFor();
  await at_zoom(page, 12);
  if (before) {
    await page.getByRole('slider').fill(String(epochs.indexOf(before)));
    await sheet.getByText(`This piece is not seen in ${before}`).waitFor();
  }
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
  await close();
});

for (const late of ['figures', 'piece'] as const) {
  test(`a link goes to its piece when the ${late} comes last`, async () => {
    const event = await an_event('planned');
    const path = late === 'figures' ? '/api/v1/summary' : `/api/v1/encroachments/${event.id}`;
    const { page, assert_clean, close } = await visit(`#event=${event.id}`, {
      prepare: (tab) => {
        const rest = late === 'figures' ? tab.waitForResponse(/\/api\/v1\/zones\//) : tab.waitForSelector('.styled');
        return tab.route(
          (url) => url.pathname === path,
          async (route) => {
            await rest;
            await new Promise((resolve) => setTimeout(resolve, 1_000));
            await route.continue();
          },
        );
      },
    });
    await at_zoom(page, 12);
    assert_clean();
    await close();
  });
}

test('how sure a piece is, who agrees, and what does not count are in words', async () => {
  const event = await an_event('planned');
  const { page, assert_clean, close } = await visit(`#event=${event.id}`, {
    prepare: (tab) =>
      tab.route('**/api/v1/encroachments/*', async (route) => {
        const answer = await route.fetch();
        const body = (await answer.json()) as { properties: EventFacts };
        const evidence = body.properties.evidence.map((item) => ({ ...item, counts: !item.label.includes('/') }));
        const facts = { area_m2: 412, sigma_m2: 46, probability: 0.93, severity: 2, n_sources: 3, n_agreeing: 2 };
        const epochs = [
          { epoch: '2019', change: 'new', area_m2: 300 },
          { epoch: '2024', change: 'grown', area_m2: 412 },
          { epoch: '2025', change: 'gone', area_m2: 412 },
        ];
        const properties = { ...body.properties, ...facts, change: 'gone', epochs, evidence };
        await route.fulfill({ response: answer, json: { ...body, properties } });
      }),
  });
  const card = page.getByRole('complementary');
  await card.getByText('± 46 m²').waitFor();
  await card.getByText('rất có thể (93 %)').waitFor();
  await card.getByText('2/8: từ 300 m² đến dưới 500 m²').waitFor();
  await card.getByText('2 trên 3 nguồn cùng thấy').waitFor();
  await card.getByText('Không có hiệu lực khi đất đổi loại').waitFor();
  await card.getByText('không còn thấy mảnh này').waitFor();
  assert.equal(await card.getByRole('table').locator('tbody tr').count(), 3);
  await card.getByText('rộng thêm').waitFor();
  await drawn(page);
  await page.screenshot({ path: `${OUT}desktop-event-uncertain.png` });
  await assert_accessible(page, 'an uncertain piece');
  assert_clean();
  await close();
});

test('a card whose facts come before the map’s first frame draws on it all the same', async () => {
  const event = await an_event('planned');
  const { page, assert_clean, close } = await visit(`#event=${event.id}`, {
    prepare: async (tab) => {
      await tab.addInitScript(() => {
        // Every frame of the first seconds is late.
        const frame = window.requestAnimationFrame.bind(window);
        window.requestAnimationFrame = (call) =>
          performance.now() > 4_000 ? frame(call) : window.setTimeout(() => call(performance.now()), 1_500);
      });
      await tab.route(`**/api/v1/encroachments/${event.id}*`, async (route) => {
        const answer = await route.fetch();
        const body = (await answer.json()) as { properties: EventFacts };
        await route.fulfill({
          response: answer,
          json: { ...body, properties: { ...body.properties, change: 'gone' } },
        });
      });
    },
  });
  await page.getByRole('complementary').getByText('không còn thấy mảnh này').waitFor();
  await drawn(page);
  assert_clean();
  await close();
});

test('a piece that is gone from the data is said so', async () => {
  const { page, assert_clean, close } = await visit('#event=no-such-piece', { expected: /404/ });
  const card = page.getByRole('complementary');
  await card.getByRole('heading', { name: 'Không có mảnh đất này' }).waitFor();
  await card.getByRole('button', { name: 'Đóng', exact: true }).click();
  await card.waitFor({ state: 'detached' });
  assert_clean();
  await close();
});

test('filters of events change figures, list, map and link, and chips take them back', async () => {
  const all = await figures();
  const zone = await a_zone_with_losses();
  const [lon, lat] = zone.center;
  const { page, assert_clean, close } = await visit(`#map=12/${lat}/${lon}`);
  await drawn(page);
  const shown = page.locator('.totals dd').nth(2);
  const number = (n: number) => new Intl.NumberFormat('vi-VN', { useGrouping: 'always' }).format(n);
  await page.getByRole('button', { name: 'Lọc mảnh đất mất' }).click();
  await page
    .getByRole('group', { name: 'Căn cứ' })
    .getByRole('button', { name: /^Chưa rõ căn cứ/ })
    .click();
  await shown.getByText(number(await n_events('?right=unplanned')), { exact: true }).waitFor();
  await page.getByRole('combobox', { name: 'Bậc diện tích, từ' }).selectOption('3');
  await page.getByRole('combobox', { name: 'Thấy lần đầu từ' }).selectOption(all.epochs.at(-2) ?? '');
  const query = `right=unplanned&severity=3&since=${all.epochs.at(-2)}..${all.epochs.at(-1)}`;
  await shown.getByText(number(await n_events(`?${query}`)), { exact: true }).waitFor();
  // What is kept does not depend on what is looked for.
  assert.equal(await page.locator('.totals dd').first().textContent(), hectares(all.totals.kept_m2, 'vi'));
  assert.equal(link_of(page).get('right'), 'unplanned');
  assert.equal(link_of(page).get('severity'), '3');
  assert.equal(link_of(page).get('since'), `${all.epochs.at(-2)}..${all.epochs.at(-1)}`);
  await page.getByRole('tab', { name: 'Danh sách' }).click();
  await page.getByRole('heading', { name: 'Mảnh đất mất trong khung nhìn' }).waitFor();
  await page.getByRole('tabpanel').locator('section li button').first().waitFor();
  const facts = await page.getByRole('tabpanel').locator('section li .muted').allTextContents();
  assert.ok(facts.length > 0 && facts.every((text) => text.includes('chưa rõ căn cứ')), facts.join('\n'));
  await page.getByRole('tabpanel').locator('section li button').first().click();
  await page
    .getByRole('complementary', { name: 'Mảnh đất mất được chọn' })
    .getByRole('heading', { level: 2 })
    .waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /^Bỏ lọc từ / }).click();
  await page.waitForFunction(() => !location.hash.includes('severity='));
  await page.getByRole('button', { name: 'Bỏ hết lọc' }).click();
  await page.waitForFunction(() => !/right=|since=/.test(location.hash));
  assert_clean();
  await close();
});

test('the map draws the pieces that the filter takes, and no others', async () => {
  const event = await an_event('permitted');
  const [lon, lat] = event.center;
  const { page, assert_clean, close } = await visit(`#map=15/${lat}/${lon}&right=unplanned`);
  await drawn(page);
  await page.mouse.click(680, 410);
  // Where the piece was filtered out, the zone below it is what is chosen.
  await page.getByRole('complementary', { name: 'Vùng được chọn' }).waitFor();
  assert.equal(link_of(page).get('zone'), event.zone_id);
  assert_clean();
  await close();
});

test('the years play through once, and one by one where motion is not wanted', async () => {
  const { epochs } = await figures();
  const { page, assert_clean, close } = await visit(`#epoch=${epochs.at(-3)}`, { reducedMotion: 'no-preference' });
  await drawn(page);
  const year = (epoch: string | undefined) => page.locator(`input[type="range"][aria-valuetext="${epoch}"]`).waitFor();
  await page.getByRole('button', { name: 'Chạy qua các năm' }).click();
  await page.getByRole('button', { name: 'Dừng' }).waitFor();
  await year(epochs.at(-2));
  await year(epochs.at(-1));
  await page.getByRole('button', { name: 'Chạy qua các năm' }).waitFor();
  assert.equal(link_of(page).get('epoch'), null);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.getByRole('button', { name: 'Năm tiếp theo' }).click();
  await year(epochs[0]);
  await page.getByRole('button', { name: 'Năm tiếp theo' }).click();
  await year(epochs[1]);
  assert.equal(link_of(page).get('epoch'), epochs[1]);
  // A click on a year is that year.
  const box = await page.getByRole('slider').boundingBox();
  assert.ok(box);
  await page.mouse.click(box.x + box.width * (1 - 0.5 / epochs.length), box.y + box.height - 8);
  await year(epochs.at(-1));
  assert_clean();
  await close();
});

test('what became what: groups, then codes, and a file of it', async () => {
  const { epochs } = await figures();
  const [first] = epochs;
  const last = epochs.at(-1);
  const table = await api<{ changed_m2: number; rows: unknown[] }>(
    `/api/v1/transitions?from=${first}&to=${last}&by=code`,
  );
  const { page, assert_clean, close } = await visit('', { acceptDownloads: true });
  await page.getByRole('tab', { name: 'Biến động' }).click();
  const rows = page.getByRole('table').locator('tbody tr');
  await rows.first().waitFor();
  const n_groups = await rows.count();
  await page.getByRole('combobox', { name: 'Từ', exact: true }).selectOption(first ?? '');
  await page.getByRole('button', { name: 'Loại đất', exact: true }).click();
  await page.locator('table[aria-busy="false"]').waitFor();
  await page.waitForFunction((n) => document.querySelectorAll('tbody tr').length > n, n_groups);
  await page.getByRole('status').getByText(hectares(table.changed_m2, 'vi')).waitFor();
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Tải CSV' }).click(),
  ]);
  assert.equal(file.suggestedFilename(), `farmzone-${first}-${last}-code.csv`);
  const text = await readFile(await file.path(), 'utf8');
  assert.equal(text.trim().split('\r\n').length, table.rows.length + 1);
  assert_clean();
  await close();
});

test('a zone’s history tells every year, what became what, and how fast', async () => {
  const zone = await a_zone_with_losses();
  const history = await api<{ epochs: { epoch: string }[]; first_seen: string }>(
    `/api/v1/zones/${encodeURIComponent(zone.id)}/history`,
  );
  const { page, assert_clean, close } = await visit(`#zone=${encodeURIComponent(zone.id)}`);
  const card = page.getByRole('complementary');
  await card.getByRole('button', { name: 'Lịch sử của vùng' }).click();
  await card.getByText('Mất ròng mỗi năm').waitFor();
  assert.deepEqual(
    await card.locator('ol strong').allTextContents(),
    history.epochs.map(({ epoch }) => epoch),
  );
  await card.locator('dd').getByText(history.first_seen, { exact: true }).first().waitFor();
  assert.ok((await card.locator('ol ul li').count()) > 0, 'nothing became anything');
  assert_clean();
  await close();
});
