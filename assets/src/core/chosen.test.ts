import { expect, test } from 'vitest';
import { sought_by } from './chosen.ts';
import { parse_link } from './view_link.ts';

test('a link that names no place seeks its piece before its zone', () => {
  expect(sought_by(parse_link('#zone=Z1'))).toBe('Z1');
  expect(sought_by(parse_link('#zone=Z1&event=E-1'))).toBe('E-1');
  expect(sought_by(parse_link(''))).toBeNull();
});

test('a link that says where the map stands seeks nothing', () => {
  expect(sought_by(parse_link('#map=12/21.03/105.8&zone=Z1'))).toBeNull();
});
