import { expect, test } from 'vitest';
import { format_grid_point, format_lon_lat, projector, short_crs_name } from './coordinates.ts';

// EPSG:5897 with the seven parameters of Decision 05/2007 as PROJ takes them (EPSG:6960, rotations with changed sign).
const HANOI = {
  code: 'EPSG:5897',
  name: 'VN-2000 / TM-3 105-00',
  proj4:
    '+proj=tmerc +lat_0=0 +lon_0=105 +k=0.9999 +x_0=500000 +y_0=0 +ellps=WGS84 ' +
    '+towgs84=-191.90441429,-39.30318279,-111.45032835,0.00928836,-0.01975479,0.00427372,0.252906278 +units=m +no_defs',
};

test('WGS 84 becomes VN-2000 within a centimetre of the official operation', () => {
  const project = projector(HANOI);
  const point = project?.(105.851882673, 21.029014035);
  expect(point?.east_m).toBeCloseTo(588_350.757, 2);
  expect(point?.north_m).toBeCloseTo(2_326_400.936, 2);
});

test('UTM on WGS 84 works too', () => {
  const project = projector({
    code: 'EPSG:32733',
    name: 'WGS 84 / UTM zone 33S',
    proj4: '+proj=utm +zone=33 +south +datum=WGS84',
  });
  const point = project?.(15, 0);
  expect(point?.east_m).toBeCloseTo(500_000, 3);
  expect(point?.north_m).toBeCloseTo(10_000_000, 3);
});

test.each([null, '+proj=longlat +datum=WGS84', '+proj=nosuch', 'rubbish'])('no metres are made up for %s', (proj4) => {
  expect(projector({ code: 'EPSG:0', name: 'x', proj4 })).toBeNull();
});

test('X is the northing and Y the easting, as in Vietnamese tables', () => {
  expect(format_grid_point({ north_m: 2_326_400.936, east_m: 588_350.757 }, 'vi')).toBe('X 2.326.401 · Y 588.351');
  expect(format_grid_point({ north_m: NaN, east_m: 1 }, 'vi')).toBe('–');
});

test('degrees carry the letters of the language', () => {
  expect(format_lon_lat(105.851883, 21.029014, 'vi')).toBe('21,02901° B · 105,85188° Đ');
  expect(format_lon_lat(-20.5, -34.1, 'en')).toBe('34.10000° S · 20.50000° W');
});

test('VN-2000 is called by its name, another CRS by its code', () => {
  expect(short_crs_name(HANOI)).toBe('VN-2000');
  expect(short_crs_name({ code: 'EPSG:32733', name: 'WGS 84 / UTM zone 33S', proj4: null })).toBe('EPSG:32733');
});
