// An officer's workspace: pairs of fields, codes of them with and without faults, and land that was built on.
import { serve_pairs, type DeskServer } from './desk.ts';
import { api, serving } from './harness.ts';

export const OFFICER = 'hoa';
/** Two of the three pairs bear codes; on both fields of the first something was built. */
const N_PAIRS = 3;

const [WEST, SOUTH, SIDE] = [105.8, 20.9, 0.004];

function square(x: number, y: number, side = SIDE): number[][] {
  return [
    [x, y],
    [x + side, y],
    [x + side, y + side],
    [x, y + side],
    [x, y],
  ];
}

/** In the middle of the n-th field of the first pair. */
const hole = (n: number) => square(WEST + n * SIDE + 0.0015, SOUTH + 0.0015, 0.0008);

const collection = (features: { code: string; rings: number[][][] }[]): string =>
  JSON.stringify({
    type: 'FeatureCollection',
    features: features.map(({ code, rings }, i) => ({
      type: 'Feature',
      properties: { id: `p${i}`, code },
      geometry: { type: 'Polygon', coordinates: rings },
    })),
  });

function land_use(is_built: boolean): string {
  const fields = Array.from({ length: N_PAIRS * 2 }, (_, i) => {
    const field = square(WEST + SIDE * (i % 2), SOUTH + 0.03 * Math.floor(i / 2));
    return { code: 'LUC', rings: is_built && i < 2 ? [field, hole(i).toReversed()] : [field] };
  });
  return collection([...fields, ...(is_built ? [0, 1].map((n) => ({ code: 'ONT', rings: [hole(n)] })) : [])]);
}

/** What is declared of a field in truth, m². */
const FIELD_M2 = 184_300;

const REGISTER = `code,market,status,zone_ids,crop,area_name,declared_area_m2,issued,valid_to,holder,phone,status_reason
VN-HNOR-0001,CHN,active,west-0,Lúa,Đồng Tây,${FIELD_M2},2020-01-15,2030-12-31,Bà Hoa,0900000001,
VN-HNOR-0002,CHN,active,east-0,Lúa,Đồng Đông,250000,2020-01-15,2030-12-31,Ông Ba,0900000002,
VN-HNOR-0003,EU,suspended,west-1,Lúa,Đồng Trên,${FIELD_M2},2020-01-15,2030-12-31,Ông Tư,0900000003,Tồn dư thuốc
VN-HNOR-0004,USA,active,east-1,Lúa,Đồng Giữa,${FIELD_M2},2020-01-15,2024-12-31,Bà Năm,0900000004,
VN-HNOR-0005,AUS,active,west-2,Lúa,Đồng Xa,${FIELD_M2},2020-01-15,2030-12-31,Bà Sáu,0900000005,
`;

export const REGISTERED = [1, 2, 3, 4, 5].map((n) => `VN-HNOR-000${n}`);

/** The commune of the first pair. */
const COMMUNE = JSON.stringify({
  type: 'FeatureCollection',
  features: [
    {
      type: 'Feature',
      properties: { code: '10001', name: 'Đại Thanh' },
      geometry: { type: 'Polygon', coordinates: [square(WEST - 0.005, SOUTH - 0.005, 0.02)] },
    },
  ],
});

export async function serve_officer(): Promise<DeskServer> {
  const server = await serve_pairs(N_PAIRS);
  await server.import_file('units.geojson', COMMUNE, '--as', 'boundaries');
  await server.import_file('codes.csv', REGISTER, '--as', 'codes');
  await server.import_file('landuse_2019.geojson', land_use(false), '--as', 'landuse', '--epoch', '2019');
  await server.import_file('landuse_2024.geojson', land_use(true), '--as', 'landuse', '--epoch', '2024');
  server.add_user(OFFICER, 'officer');
  return server;
}

/** Whether the server of all journeys is one that can do it: an older one has no such path. */
export async function serves(path: string): Promise<boolean> {
  const { paths } = await api<{ paths: Record<string, unknown> }>('/openapi.json').catch(() => ({ paths: {} }));
  return serving() !== '' && path in paths;
}
