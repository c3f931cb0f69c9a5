import { expect, test } from 'vitest';
import { ALERTS_WORDS } from './alerts.ts';
import { codes_issue, CODES_WORDS } from './codes.ts';

const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

test('both languages of the officer’s desks have the same keys and the same values in each text', () => {
  for (const words of [CODES_WORDS, ALERTS_WORDS] as Record<'vi' | 'en', Record<string, string>>[]) {
    expect(Object.keys(words.en).sort()).toEqual(Object.keys(words.vi).sort());
    for (const [key, text] of Object.entries(words.vi)) {
      expect(names(words.en[key] ?? ''), key).toEqual(names(text));
      expect(words.en[key]?.trim(), key).not.toBe('');
    }
  }
});

test('issues of a file of codes are said in the reader’s language, with the column and what stands there', () => {
  const bad = { code: 'bad_date', message: 'valid_to “hôm qua” is no date; write 2024-06-30; it was kept as written' };
  expect(codes_issue('vi', bad)).toBe('Có hiệu lực đến: không phải là ngày; giữ như đã ghi (“hôm qua”)');
  expect(codes_issue('en', bad)).toBe('Valid until: is no date; kept as written (“hôm qua”)');
  expect(codes_issue('vi', { code: 'missing_code', message: 'the row has no code; it was set aside' })).toBe(
    'dòng không có mã; không lấy dòng này',
  );
  // Of a file with shapes by the words of those; of what nobody foresaw by the server's.
  expect(codes_issue('vi', { code: 'self_intersection', message: 'x' })).toBe('đường bao tự cắt, đã sửa');
  expect(codes_issue('vi', { code: 'brand_new', message: 'what the server says' })).toBe('what the server says');
});

test('every issue that the register’s import names has words', () => {
  // As `src/engine/register` and the readers of tables name them.
  const codes =
    'area_unit bad_date cell_error date_as_number duplicate_code encoding formula malformed_code merged_cells missing_code not_a_number other_market too_long unknown_market unknown_status';
  for (const code of codes.split(' ')) expect(codes_issue('vi', { code, message: '?' }), code).not.toBe('?');
});
