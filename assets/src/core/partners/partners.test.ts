import { expect, test } from 'vitest';
import { decimals_of, link_of, ref_of, stars_of } from './partners.ts';

test('a row is named by its table and its key, whatever the key holds', () => {
  for (const ref of [
    { table: 'linkages', id: 'LK-01' },
    { table: 'partners', id: 'HTX A/B' },
  ] as const)
    expect(ref_of(link_of(ref))).toEqual(ref);
  for (const none of [null, '', 'linkages', 'linkages/', 'zones/Z1', '/x']) expect(ref_of(none)).toBeNull();
});

test('stars are of five, and tonnes have a decimal where it matters', () => {
  expect([stars_of(4), stars_of(5)]).toEqual(['★★★★☆', '★★★★★']);
  expect([decimals_of(0), decimals_of(3.2), decimals_of(12)]).toEqual([0, 1, 0]);
});
