// How long a cheap phone waits for its first map: 1.6 Mbit/s, 150 ms there and back, a processor four times as slow.
//
//   cd assets && FARMZONE_BIN=../target/release/farmzone FARMZONE_DEMO=../demo \
//     ./with-node node --test --test-isolation=none ../benches/page/first_map.ts
//
// Told apart: when the whole map was there as a picture, when the last byte of the first view was there, and when that was drawn, by the
// software renderer of this machine.
import { test } from 'node:test';
import { drawn, PHONE_TOUCHED, visit } from '../../tests/web/harness.ts';

const N_RUNS = 5;
const BYTES_A_SECOND = 1_600_000 / 8;

test('the first map on a slow phone', async () => {
  const rows: { picture_ms: number; fetched_ms: number; drawn_ms: number; kib: number; n_requests: number }[] = [];
  for (let run = 0; run < N_RUNS; run += 1) {
    // Tiles too, which the map's worker asks for and the page's own list does not have.
    const ends: number[] = [];
    const { page, close } = await visit('', {
      ...PHONE_TOUCHED,
      prepare: async (tab) => {
        tab.on('requestfinished', (request) => {
          const { startTime, responseEnd } = request.timing();
          if (responseEnd > 0) ends.push(startTime + responseEnd);
        });
        const cdp = await tab.context().newCDPSession(tab);
        await cdp.send('Network.enable');
        await cdp.send('Network.emulateNetworkConditions', {
          offline: false,
          latency: 150,
          downloadThroughput: BYTES_A_SECOND,
          uploadThroughput: 750_000 / 8,
        });
        await cdp.send('Emulation.setCPUThrottlingRate', { rate: 4 });
        await tab.addInitScript(() => {
          new PerformanceObserver((list) => {
            for (const seen of list.getEntries()) Object.assign(window, { picture_ms: seen.startTime });
          }).observe({ type: 'element', buffered: true });
        });
      },
    });
    await drawn(page);
    const told = await page.evaluate(() => {
      const drawn_ms = performance.now();
      const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
      const asked = all as PerformanceResourceTiming[];
      const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
      return {
        began: performance.timeOrigin,
        picture_ms: (window as unknown as { picture_ms: number }).picture_ms,
        drawn_ms,
        kib: sum(asked.map((entry) => entry.transferSize)) / 1024,
        n_requests: asked.length,
      };
    });
    const { began, ...row } = told;
    rows.push({ fetched_ms: Math.max(...ends.filter((at) => at <= began + row.drawn_ms)) - began, ...row });
    await close();
  }
  const rounded = rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([key, value]) => [key, Math.round(value)])),
  );
  console.table(rounded);
});
