import { expect, test } from 'vitest';
import { match_at, matching, former_name } from './search.ts';

test('marks that were not typed do not matter', () => {
  expect(match_at('Đường Lâm', 'duong lam')).toBe(0);
  expect(match_at('Ứng Hòa', 'ung hoa')).toBe(0);
  expect(match_at('Xã Văn Đức', 'duc')).toBe(7);
});

test('marks that were typed do', () => {
  expect(match_at('Đại Mỗ', 'đại')).toBe(0);
  expect(match_at('Đại Mỗ', 'dải')).toBe(-1);
  expect(match_at('Tam Hưng', 'hung')).toBe(4);
  expect(match_at('Tam Hưng', 'hùng')).toBe(-1);
  expect(match_at('Dan Phuong', 'đan')).toBe(-1);
});

test('composed and decomposed letters are the same', () => {
  expect(match_at('Hòa'.normalize('NFD'), 'hòa')).toBe(0);
  expect(match_at('Hòa', 'hòa'.normalize('NFD'))).toBe(0);
});

test('names that begin with the text come first, then words that do', () => {
  const units = ['Đông Sơn', 'Sơn Tây', 'Nam Sơn', 'Bắc'].map((name, i) => ({ name, code: `0${i}` }));
  expect(matching(units, 'son').map((unit) => unit.name)).toEqual(['Sơn Tây', 'Đông Sơn', 'Nam Sơn']);
});

test('a code finds its commune, and nothing typed finds all', () => {
  const units = [
    { name: 'Ba Đình', code: '00004' },
    { name: 'Ngọc Hà', code: '00008' },
  ];
  expect(matching(units, '00008')).toEqual([units[1]]);
  expect(matching(units, '  ')).toEqual(units);
  expect(matching(units, 'x')).toEqual([]);
});

test('what a commune was called or made of finds it, after those that are called so now', () => {
  const me_linh = { name: 'Mê Linh', full_name: 'Xã Mê Linh', code: '1', former_names: ['Tráng Việt', 'Thạch Đà'] };
  const da = { name: 'Thạch Bàn', full_name: 'Phường Thạch Bàn', code: '2', former_names: [] };
  expect(matching([me_linh, da], 'thach')).toEqual([da, me_linh]);
  expect(matching([me_linh, da], 'phường thạch')).toEqual([da]);
  expect(former_name(me_linh, 'trang')).toBe('Tráng Việt');
  expect(former_name(me_linh, 'tràng')).toBeNull();
  expect(former_name(me_linh, 'me linh')).toBeNull();
  expect(former_name(me_linh, '1')).toBeNull();
});
