// Files that a planner drops on the map: around a pair of fields of the desk's workspace, and as a zipped Shapefile.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Page } from 'playwright-core';
import { run } from './harness.ts';

export interface Sent {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

const WEST = 105.8;
const SIDE = 0.004;
const south_of = (n: number) => 20.9 + n * 0.03;

const square = (west: number, south: number, side = SIDE): number[][] => [
  [west, south],
  [west + side, south],
  [west + side, south + side],
  [west, south + side],
  [west, south],
];

function collection(features: readonly { properties: object; geometry: object }[]): string {
  return JSON.stringify({ type: 'FeatureCollection', features: features.map((one) => ({ type: 'Feature', ...one })) });
}

const polygon = (coordinates: number[][]) => ({ type: 'Polygon', coordinates: [coordinates] });

/** North of pair `n`, half over its eastern field, of a kind that nobody knows, crossing itself, and a point. */
export function fields_beside(n: number): Sent {
  const [south, north] = [south_of(n), south_of(n) + SIDE];
  const bow = [
    [WEST, south - 0.003],
    [WEST + 0.003, south - 0.001],
    [WEST + 0.003, south - 0.003],
    [WEST, south - 0.001],
    [WEST, south - 0.003],
  ];
  const text = collection([
    { properties: { loai: 'Lúa', ten: 'Đồng <b>Bắc</b>' }, geometry: polygon(square(WEST, north + 0.0005)) },
    { properties: { loai: 'Lúa', ten: 'Đồng Chồng' }, geometry: polygon(square(WEST + 1.5 * SIDE, south, 0.003)) },
    { properties: { loai: 'Đất lạ', ten: 'Đồng Lạ' }, geometry: polygon(square(WEST + 0.006, north + 0.001, 0.003)) },
    { properties: { loai: 'Lúa', ten: 'Đồng Chéo' }, geometry: polygon(bow) },
    { properties: { loai: 'Lúa', ten: 'Giếng' }, geometry: { type: 'Point', coordinates: [WEST, south] } },
  ]);
  return { name: 'vùng mới.geojson', mimeType: 'application/geo+json', buffer: Buffer.from(text) };
}

export const bad_file = (): Sent => ({
  name: 'ảnh.geojson',
  mimeType: 'application/geo+json',
  buffer: Buffer.from('no map at all'),
});

/** One field as text in a table, which says nothing of its reference system. */
export function table(n: number): Sent {
  const ring = square(WEST, south_of(n) + 0.006).map((at) => at.map((v) => v.toFixed(6)).join(' '));
  const text = `kind,name,wkt\nrice,Đồng Bảng,"POLYGON((${ring.join(',')}))"\n`;
  return { name: 'bảng.csv', mimeType: 'text/csv', buffer: Buffer.from(text) };
}

/** One field whose kind and name are typed in TCVN3, where “Lóa” means “Lúa”. */
export function old_font(n: number): Sent {
  const ring = square(WEST, south_of(n) + 0.006, 0.003).map((at) => at.map((v) => v.toFixed(6)).join(' '));
  const text = `loai;ten;wkt\nL\xf3a;Ru\xe9ng;POLYGON((${ring.join(',')}))\n`;
  return { name: 'cũ.csv', mimeType: 'text/csv', buffer: Buffer.from(text, 'latin1') };
}

/** Two fields north of pair `n` as a drawing: what they are and their numbers are texts inside them, on layers of their own. */
export function drawing(n: number): Sent {
  const south = south_of(n) + 0.006;
  const field = (west: number) => {
    const corners = square(west, south, 0.003).map(([x = 0, y = 0]) => `10\n${x}\n20\n${y}\n`);
    return `0\nLWPOLYLINE\n8\nVUNG\n90\n5\n70\n1\n${corners.join('')}`;
  };
  const text = (layer: string, west: number, said: string) =>
    `0\nTEXT\n8\n${layer}\n10\n${west + 0.001}\n20\n${south + 0.001}\n40\n0.0001\n1\n${said}\n`;
  const parts = [WEST, WEST + 0.004].flatMap((west, i) => [
    field(west),
    text('SOTHUA', west, String(152 + i)),
    // Without a header nobody knows that this is UTF-8.
    text('LOAI', west, ['Lúa', 'Rau an toàn'][i] ?? ''),
  ]);
  const dxf = `0\nSECTION\n2\nENTITIES\n${parts.join('')}0\nENDSEC\n0\nEOF\n`;
  return { name: 'bản vẽ.dxf', mimeType: 'image/vnd.dxf', buffer: Buffer.from(dxf) };
}

/** One field south of pair `n`, in VN-2000, as the program writes Shapefiles, zipped. */
export async function zipped_shapefile(n: number): Promise<Sent> {
  const dir = await mkdtemp(join(tmpdir(), 'farmzone-files-'));
  try {
    const [workspace, file, out] = ['w.gpkg', 'z.geojson', 'z.shp'].map((name) => join(dir, name)) as [
      string,
      string,
      string,
    ];
    const properties = { id: `shp-${n}`, kind: 'fruit', name: 'Vườn Nam' };
    await writeFile(file, collection([{ properties, geometry: polygon(square(WEST, south_of(n) - 0.005, 0.003)) }]));
    run('init', workspace, '--crs', 'EPSG:5897');
    run('import', workspace, file, '--as', 'zones');
    run('export', workspace, out, '--layer', 'zones');
    const parts = await Promise.all(
      ['shp', 'shx', 'dbf', 'prj', 'cpg'].map(async (ending) => {
        const bytes = await readFile(join(dir, `z.${ending}`)).catch(() => Buffer.alloc(0));
        return [`z.${ending}`, bytes] as const;
      }),
    );
    const buffer = zipped(parts.filter(([, bytes]) => bytes.length > 0));
    return { name: 'vườn.zip', mimeType: 'application/zip', buffer };
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** What VN-2000 has beyond WGS 84 there (EPSG:6960), degrees: 224 m. */
const VN_2000 = [-0.0018838, 0.0009851] as const;

/** The western fields of some pairs, anew, in degrees of VN-2000 that the file takes for those of WGS 84. */
export function taken_for_wgs84(pairs: readonly number[]): Sent {
  const features = pairs.map((n) => ({
    properties: { id: `west-${n}`, kind: 'rice' },
    geometry: polygon(square(WEST + VN_2000[0], south_of(n) + VN_2000[1])),
  }));
  return { name: 'lệch.geojson', mimeType: 'application/geo+json', buffer: Buffer.from(collection(features)) };
}

/** A field north of pair `n` whose latitudes stand before its longitudes. */
export function swapped(n: number): Sent {
  const ring = square(WEST, south_of(n) + 0.006, 0.003).map(([lon = 0, lat = 0]) => [lat, lon]);
  const text = collection([{ properties: { kind: 'rice', name: 'Đồng Ngược' }, geometry: polygon(ring) }]);
  return { name: 'ngược.geojson', mimeType: 'application/geo+json', buffer: Buffer.from(text) };
}

/** A zip whose entries are stored as they are (PKWARE appnote 4.3). */
function zipped(parts: readonly (readonly [name: string, bytes: Buffer])[]): Buffer {
  const [files, directory]: [Buffer[], Buffer[]] = [[], []];
  let at = 0;
  for (const [name, bytes] of parts) {
    const head = Buffer.alloc(26);
    head.writeUInt16LE(20, 0);
    head.writeUInt16LE(0x21, 8);
    head.writeUInt32LE(crc32(bytes), 10);
    head.writeUInt32LE(bytes.length, 14);
    head.writeUInt32LE(bytes.length, 18);
    head.writeUInt16LE(name.length, 22);
    const [place, rest] = [Buffer.alloc(4), Buffer.alloc(10)];
    place.writeUInt32LE(at, 0);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), head, rest, place, Buffer.from(name));
    const file = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), head, Buffer.from(name), bytes]);
    files.push(file);
    at += file.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(parts.length, 4);
  end.writeUInt16LE(parts.length, 6);
  end.writeUInt32LE(list.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...files, list, Buffer.from('PK\x05\x06', 'latin1'), end]);
}

/** Drags files over the window, and lets them fall there. */
export async function drop_on_map(page: Page, sent: readonly Sent[], over?: () => Promise<void>): Promise<void> {
  const files = sent.map(({ name, mimeType, buffer }) => ({ name, mimeType, text: buffer.toString('base64') }));
  const dataTransfer = await page.evaluateHandle((list) => {
    const transfer = new DataTransfer();
    for (const { name, mimeType, text } of list) {
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      transfer.items.add(new File([bytes], name, { type: mimeType }));
    }
    return transfer;
  }, files);
  const canvas = page.locator('.maplibregl-canvas');
  await canvas.dispatchEvent('dragenter', { dataTransfer });
  await canvas.dispatchEvent('dragover', { dataTransfer });
  await over?.();
  await canvas.dispatchEvent('drop', { dataTransfer });
}
