import { describe, expect, test } from 'vitest';
import { DEFAULT_VIEW, format_link, parse_link, past_of, type View } from './view_link.ts';

const view = (change: Partial<View>): View => ({ ...DEFAULT_VIEW, ...change });

describe('a view and its link', () => {
  test('a full view comes back as it was', () => {
    const full = view({
      camera: { zoom: 11.25, lat: 21.0285, lon: 105.8542 },
      kinds: ['rice', 'safe_vegetables'],
      unit: '00004',
      epoch: '2024-06-30',
      zone: 'Vùng & số=1/2,#a%',
      groups: ['built', 'sealed'],
      rights: ['unplanned'],
      changes: ['new', 'grown'],
      severity: 4,
      since: { from: '2019', to: '2024' },
      event: 'E-1',
      plan: 'p-1',
      share: 'e75f',
      rev: 12,
      table: 'pieces',
      sort: '-area',
      find: 'lúa & màu',
      figures: 'years',
      beside: '2014',
      divider: 35,
      lang: 'en',
      theme: 'dark',
      layers: ['zones', 'landuse'],
    });
    const link = format_link(full);
    expect(link).toBe(
      '#map=11.25/21.0285/105.8542&kind=rice,safe_vegetables&unit=00004&epoch=2024-06-30&group=built,sealed&right=unplanned&change=new,grown&severity=4&since=2019..2024&zone=V%C3%B9ng%20%26%20s%E1%BB%91%3D1%2F2%2C%23a%25&event=E-1&plan=p-1&share=e75f&rev=12&table=pieces&sort=-area&find=l%C3%BAa%20%26%20m%C3%A0u&figures=years&beside=2014&divider=35&lang=en&theme=dark&layers=zones,landuse',
    );
    expect(parse_link(link)).toEqual(full);
  });

  test('a link that is pinned shows the past once its revision is not the present one', () => {
    expect([past_of(null, 7), past_of(7, undefined), past_of(7, 7)]).toEqual([null, null, null]);
    expect([past_of(5, 7), past_of(9, 7)]).toEqual(['5', '9']);
    expect(parse_link('#rev=<b>').rev).toBeNull();
    expect(parse_link('#rev=12345678901234567890').rev).toBeNull();
  });

  test('what stands at its default is not written', () => {
    expect(format_link(DEFAULT_VIEW)).toBe('');
    expect(parse_link('')).toEqual(DEFAULT_VIEW);
    expect(format_link(view({ layers: ['labels', 'units', 'context', 'encroachments', 'zones'] }))).toBe('');
  });

  test('all layers switched off stays so', () => {
    const link = format_link(view({ layers: [] }));
    expect(link).toBe('#layers=');
    expect(parse_link(link).layers).toEqual([]);
  });

  test('places are written finer the closer one is', () => {
    const at = (zoom: number) => format_link(view({ camera: { zoom, lat: 21.123456789, lon: 105.987654321 } }));
    expect(at(5)).toBe('#map=5/21.12/105.99');
    expect(at(17)).toBe('#map=17/21.123457/105.987654');
  });
});

describe('a link that is old, mangled or hostile', () => {
  test.each([
    '#map=11/21',
    '#map=a/b/c',
    '#map=//',
    '#map=11/91/105',
    '#map=99/21/105',
    '#zone=%E0%A4%A',
    '#lang=fr&theme=pink',
    '#&&&=&=x',
    '#nothing=here',
    '#table=chairs&sort=DROP%20TABLE&sort2=x',
    '#right=guilty&change=burnt&severity=-1&since=2024..2019',
    `#zone=${'x'.repeat(201)}`,
  ])('%s opens the map as without it', (link) => {
    expect(parse_link(link)).toEqual(DEFAULT_VIEW);
  });

  test('layers of another version are left out', () => {
    expect(parse_link('#layers=zones,satellite').layers).toEqual(['zones']);
  });

  test('a card of figures of another version is the page of figures', () => {
    expect(['#figures=', '#figures=pies', '#figures=all'].map((link) => parse_link(link).figures)).toEqual([
      'all',
      'all',
      'all',
    ]);
  });

  test('a kind named twice counts once', () => {
    expect(parse_link('#kind=rice,rice,,tea').kinds).toEqual(['rice', 'tea']);
  });
});
