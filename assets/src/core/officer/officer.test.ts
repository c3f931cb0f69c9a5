import { expect, test } from 'vitest';
import { alert_query, digest_total, needs_reason, NO_ALERT_FILTER, photo_obstacle } from './alerts.ts';
import {
  arranged,
  box_around,
  circle,
  counts_of,
  pasted_codes,
  weighed,
  type CodeVerdict,
  type Verdict,
} from './codes.ts';
import { columns_of, key_of, remapped, TAKEN_AS, type ImportReview } from './import.ts';
import { read_place } from './place.ts';
import { read_payload, sought } from './qr.ts';

/** As zones/schemes/ writes them. */
const GRAMMARS = sought([
  '^VN-?(?P<province>[A-Z]{2})-?(?P<purpose>OR|PH)-?(?P<serial>\\d{3,4})$',
  '^(?P<province>\\d{2})-(?P<purpose>PUC|PHC)-(?P<area>[A-Z0-9]{2,20})-(?P<serial>\\d{6})(?:-(?P<market>[A-Z]{3}))?$',
]);

const verdict = (asked: string, of: Verdict): CodeVerdict => ({
  asked,
  code: asked.toUpperCase(),
  verdict: of,
  summary: { vi: '', en: '' },
  market: null,
  status: null,
  zone_id: null,
  zone_ids: [],
  unit: null,
  area_name: null,
  crop: null,
  declared_area_m2: null,
  measured_area_m2: null,
  did_you_mean: [],
  reasons: [],
});

test('lines that were pasted are codes: of a table the cell that looks like one, without headings and empty lines', () => {
  expect(pasted_codes('Mã số\tTên vùng\nVN-HNOR-0001\tĐồng 12\r\n\n"vn hnor 2"\n').codes).toEqual([
    'VN-HNOR-0001',
    'vn hnor 2',
  ]);
  expect(pasted_codes('1;Xã Văn Đức;01-PUC-CHANHDAY01-000001-CHN').codes).toEqual(['01-PUC-CHANHDAY01-000001-CHN']);
  // One line alone is a code, whatever it is.
  expect(pasted_codes('khong phai ma').codes).toEqual(['khong phai ma']);
  expect(pasted_codes('   \n').codes).toEqual([]);
});

test('what is too much is counted, and a line of 10,000 letters is cut', () => {
  const { codes, n_left_out } = pasted_codes(Array.from({ length: 10_003 }, (_, i) => `VN-HNOR-${i}`).join('\n'));
  expect([codes.length, n_left_out]).toEqual([10_000, 3]);
  expect(pasted_codes('9'.repeat(10_000)).codes[0]).toHaveLength(200);
});

test('verdicts are counted, filtered, and put in order with the worst first', () => {
  const all = [verdict('c', 'valid'), verdict('a', 'invalid'), verdict('b', 'warning'), verdict('d', 'invalid')];
  expect(counts_of(all)).toEqual({ invalid: 2, warning: 1, unknown: 0, valid: 1 });
  const rows = (...of: Parameters<typeof arranged>) => arranged(...of).map(({ asked, row }) => `${row}${asked}`);
  expect(rows(all, [], 'asked')).toEqual(['1c', '2a', '3b', '4d']);
  expect(rows(all, [], 'verdict')).toEqual(['2a', '4d', '3b', '1c']);
  expect(rows(all, ['invalid', 'valid'], 'code')).toEqual(['2a', '1c', '4d']);
  const reasons = (['unknown', 'warning', 'invalid'] as const).map((weight) => ({
    check: 'crop',
    verdict: weight,
    message: { vi: '', en: '' },
    figures: {},
    rule: null,
  }));
  expect(weighed(reasons).map((reason) => reason.verdict)).toEqual(['invalid', 'warning', 'unknown']);
});

test('the box around evidence holds all its points, also in collections, and nothing has none', () => {
  const line = {
    type: 'LineString',
    coordinates: [
      [105, 21],
      [106, 20.5],
    ],
  };
  const point = { type: 'Point', coordinates: [104.5, 21.2] };
  expect(box_around([{ type: 'GeometryCollection', geometries: [line, point] }])).toEqual([104.5, 20.5, 106, 21.2]);
  expect(box_around([{ type: 'MultiPolygon', coordinates: [] }])).toBeNull();
  const around = box_around([circle([105.85, 21.03], 100)]);
  expect((((around?.[3] ?? 0) - (around?.[1] ?? 0)) * 111_320) / 2).toBeCloseTo(100, 0);
});

const OURS = 'https://vung.hanoi.example';

test('a QR code says a code or our verification page, and a foreign address is never more than told', () => {
  expect(read_payload('VN-HNOR-0001', OURS, GRAMMARS)).toEqual({ is: 'code', code: 'VN-HNOR-0001', foreign: null });
  expect(read_payload('mã: vn.tgph.0012; lô 7', OURS, GRAMMARS)).toEqual({
    is: 'code',
    code: 'VN-TGPH-0012',
    foreign: null,
  });
  expect(read_payload(`${OURS}/#check=VN-HNOR-0001`, OURS, GRAMMARS)).toEqual({
    is: 'code',
    code: 'VN-HNOR-0001',
    foreign: null,
  });
  expect(read_payload(`${OURS}/verify/abc123`, OURS, GRAMMARS)).toEqual({ is: 'verify', path: '/verify/abc123' });
  expect(read_payload(`${OURS}/hanoi/verify/abc123`, `${OURS}/hanoi/`, GRAMMARS)).toEqual({
    is: 'verify',
    path: '/hanoi/verify/abc123',
  });
  expect(read_payload(`${OURS}/verify/abc123`, `${OURS}/hanoi/`, GRAMMARS).is).not.toBe('verify');
  expect(read_payload('https://evil.example/verify/abc123', OURS, GRAMMARS)).toEqual({
    is: 'foreign',
    host: 'evil.example',
  });
  expect(read_payload('https://evil.example/?c=01-PUC-CHANHDAY01-000001-CHN', OURS, GRAMMARS)).toEqual({
    is: 'code',
    code: '01-PUC-CHANHDAY01-000001-CHN',
    foreign: 'evil.example',
  });
  expect(read_payload('javascript:alert(1)', OURS, GRAMMARS)).toEqual({ is: 'foreign', host: 'javascript:' });
  expect(read_payload(`${OURS}/verify/../api`, OURS, GRAMMARS)).toEqual({ is: 'nothing' });
  expect(read_payload(`${OURS}.evil.example/verify/abc123`, OURS, GRAMMARS)).toMatchObject({ is: 'foreign' });
  expect(read_payload('mã VN HNOR 0001–x', OURS, GRAMMARS)).toMatchObject({ code: 'VN-HNOR-0001' });
  expect(read_payload('lô AVN-HNOR-00012', OURS, GRAMMARS)).not.toMatchObject({ code: 'VN-HNOR-0001' });
  expect(sought(['^(', '^A$'])).toHaveLength(1);
  expect(read_payload('xin chào', OURS, GRAMMARS)).toEqual({ is: 'nothing' });
  expect(read_payload('VN-HNOR-001O', OURS, GRAMMARS)).toMatchObject({ is: 'code', code: 'VN-HNOR-001O' });
  expect(read_payload('x'.repeat(100_000), OURS, GRAMMARS)).toEqual({ is: 'nothing' });
});

test('a place is read in both systems, with either decimal sign and in either order', () => {
  // Metres of a made-up grid: a degree is 100 km.
  const grid = {
    unproject: ([x, y]: readonly [number, number]) => [x / 100_000 + 100, y / 100_000] as const,
    near: [585_000, 2_100_000] as const,
  };
  const at = (text: string) => read_place(text, grid)?.at.map((degrees) => Math.round(degrees * 1e4) / 1e4);
  for (const text of [
    '21.029, 105.8519',
    '21,029 105,8519',
    '21,029; 105,8519',
    '21,029, 105,8519',
    '21.029,105.8519',
    '105.8519 21.029',
    '21.029N 105.8519E',
    '21°01\'44.4"N 105°51\'06.84"E',
  ])
    expect(at(text), text).toEqual([105.8519, 21.029]);
  for (const text of ['X 2102900 Y 585190', '2102900,0; 585190,0', '585190 2102900', '2.102.900 585.190'])
    expect(at(text), text).toEqual([105.8519, 21.029]);
  for (const text of ['', '21', 'abc', '1 2 3', '95 200', '-91, -200']) expect(at(text), text).toBeUndefined();
});

test('what is mine and overdue is asked of the server, and steps back or out say why', () => {
  const query = alert_query({ ...NO_ALERT_FILTER, mine: true, overdue: true, status: 'new' }, 'hoa', '2026-11-22');
  expect(query).toMatchObject({ status: 'new', assigned: 'hoa', due_before: '2026-11-22', sort: 'area' });
  expect(alert_query(NO_ALERT_FILTER, 'hoa', '2026-11-22')).toMatchObject({ assigned: null, due_before: null });
  expect(needs_reason('checked', 'rejected')).toBe(true);
  expect(needs_reason('closed', 'checked')).toBe(true);
  expect(needs_reason('confirmed', 'closed')).toBe(true);
  expect(needs_reason('handed_over', 'closed')).toBe(false);
  expect(needs_reason('new', 'checked')).toBe(false);
});

test('what is no photo, empty or too large is told before it is sent', () => {
  expect(photo_obstacle({ type: 'image/jpeg', size: 1_000 })).toBeNull();
  expect(photo_obstacle({ type: 'image/svg+xml', size: 1_000 })).toBe('not_a_photo');
  expect(photo_obstacle({ type: 'image/png', size: 0 })).toBe('empty');
  expect(photo_obstacle({ type: 'image/png', size: 50 * 1024 * 1024 })).toBe('too_large');
});

test('a column of a file becomes one of ours, or none, and columns that only the server knows are offered too', () => {
  expect(remapped({ code: 'Mã', crop: 'Cây' }, 'crop', '')).toEqual({ code: 'Mã', crop: '' });
  expect(remapped({ code: 'Mã' }, 'market', 'TT')).toEqual({ code: 'Mã', market: 'TT' });
  const review = { mapping: { code: 'Mã', seal: 'Dấu' } } as unknown as ImportReview;
  const columns = columns_of(review, 'codes');
  expect([columns[0], columns.at(-1)]).toEqual(['code', 'seal']);
  expect(TAKEN_AS.map((as) => [as, key_of(as)]).slice(0, 2)).toEqual([
    ['codes', 'code'],
    ['partners', 'id'],
  ]);
  expect(columns_of(review, 'linkages').slice(-2)).toEqual(['code', 'seal']);
});

test('sums by unit add up over all units', () => {
  const unit = (name: string | null, n: number, n_overdue: number) => ({
    unit: name,
    unit_name: name,
    n,
    area_m2: n * 10,
    n_overdue,
    by_status: {},
    by_group: {},
  });
  expect(digest_total([unit('10001', 3, 1), unit(null, 2, 0)])).toEqual({ n: 5, area_m2: 50, n_overdue: 1 });
  expect(digest_total([])).toEqual({ n: 0, area_m2: 0, n_overdue: 0 });
});
