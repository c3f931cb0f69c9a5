// A file that was dropped on the map, as the server reads it, and what a planner makes of it: which kind each zone is, which are
// left out, which are zones that are there already. Pure; the answer of all questions are operations of the draft.
import { FIELDS, type Field } from './fields.ts';
import type { Operation } from './operation.ts';
import { n_vertices, type Shape, type ZoneProperties } from './shape.ts';

export interface FileIssue {
  code: string;
  message: string;
  area_before_m2?: number;
  area_after_m2?: number;
}

/** What likely went wrong with the coordinates of a file; nothing was moved. */
export interface LikelyMistake {
  /** The word by which it is set right. */
  correct: string;
  cost_m: number;
  rests_on: 'zones' | 'stated_units' | 'units';
  n_zones: number;
  /** Metres where it rests on zones that are there, else a share. */
  as_it_is: number;
  set_right: number;
}

/** Of the word that sets a mistake right: what it is, and the zone of TM-3 that it names. */
export function mistake_of(correct: string): { mistake: string; zone: string } {
  const [mistake = '', ...zone] = correct.split(':');
  return { mistake, zone: zone.join(':') };
}

export interface SameAs {
  id: string;
  by: 'id' | 'code';
  name: string | null;
  /** Whether the zone that is there lies where the file draws it. */
  lies_there: boolean;
}

export interface FileFeature {
  /** From 1, in the file's order. */
  row: number;
  id: string;
  /** What the file says that it is. */
  label: string | null;
  properties: Omit<ZoneProperties, 'kind'> & { kind: string | null };
  polygons: Shape;
  area_m2: number;
  area_before_m2: number;
  is_repaired: boolean;
  same_as: SameAs | null;
  issues: FileIssue[];
}

export interface FileReport {
  driver: string;
  layer: string;
  layers: string[];
  crs: { source: string; operation: string | null };
  columns: { name: string; samples: string[] }[];
  /** Of a drawing. */
  text_layers: { name: string; n: number; samples: string[] }[];
  /** Ours to theirs. */
  mapping: Partial<Record<Column, string>>;
  n_read: number;
  n_repaired: number;
  n_outside: number;
  features: FileFeature[];
  rejected: { row: number; issues: FileIssue[] }[];
  issues: FileIssue[];
  likely_mistake: LikelyMistake | null;
}

export type Column = Field | 'id';
export const COLUMNS: readonly Column[] = ['kind', 'name', 'code', 'id', ...FIELDS.slice(3)];

/** Where the value of a property comes from: the file's column, one text for all, or nowhere. */
export type Origin = { from: 'column'; column: string } | { from: 'value'; value: string } | { from: 'nothing' };
export type Fate = 'new' | 'redraw';

/** More are more than one edit takes. */
export const MOST_KEPT = 1_000;
export const MOST_KEPT_VERTICES = 100_000;

/** What stands for a drawing's texts where a column is named. */
export const TEXTS = '@text';
export const texts_on = (layer: string): string => `${TEXTS}:${layer}`;

/** Texts inside of a drawing's areas as columns: all, and where they are on several layers those of each. */
export function text_columns({ text_layers }: FileReport): { name: string; layer: string | null; samples: string[] }[] {
  if (text_layers.length === 0) return [];
  const all = { name: TEXTS, layer: null, samples: text_layers.flatMap(({ samples }) => samples) };
  if (text_layers.length === 1) return [all];
  return [all, ...text_layers.map(({ name, samples }) => ({ name: texts_on(name), layer: name, samples }))];
}

export interface Choices {
  origins: Partial<Record<Column, Origin>>;
  /** The kind of each label that the server does not know. */
  kinds: ReadonlyMap<string, string>;
  left_out: ReadonlySet<number>;
  fates: ReadonlyMap<number, Fate>;
}

export const NO_CHOICES: Choices = { origins: {}, kinds: new Map(), left_out: new Set(), fates: new Map() };

/** What was said of a file holds on for what the server now reads of it. */
export function carried_over({ origins, kinds, left_out }: Choices, { features, mapping }: FileReport): Choices {
  const rows = new Set(features.map(({ row }) => row));
  const said = Object.entries(origins).filter(([, origin]) => origin.from !== 'column');
  const found = COLUMNS.map((ours): [Column, Origin] => {
    const column = mapping[ours];
    return [ours, column === undefined ? { from: 'nothing' } : { from: 'column', column }];
  });
  return {
    origins: { ...Object.fromEntries(found), ...Object.fromEntries(said) },
    kinds,
    left_out: new Set([...left_out].filter((row) => rows.has(row))),
    fates: proposed_fates(features),
  };
}

/** Without the columns whose names may read otherwise in another encoding. */
export function reread(choices: Choices): Choices {
  const holds = ([, origin]: [string, Origin]) => origin.from !== 'column' || /^[\x20-\x7e]*$/.test(origin.column);
  return { ...choices, origins: Object.fromEntries(Object.entries(choices.origins).filter(holds)) };
}

/** An empty kind takes back what was said of the label. */
export function with_kind(choices: Choices, label: string, kind: string): Choices {
  const kinds = new Map(choices.kinds);
  if (kind) kinds.set(label, kind);
  else kinds.delete(label);
  return { ...choices, kinds };
}

export const with_fate = (choices: Choices, row: number, fate: Fate): Choices => ({
  ...choices,
  fates: new Map(choices.fates).set(row, fate),
});

export function with_rows(choices: Choices, rows: readonly number[], takes: boolean): Choices {
  const left_out = new Set(choices.left_out);
  for (const row of rows) {
    if (takes) left_out.delete(row);
    else left_out.add(row);
  }
  return { ...choices, left_out };
}

export const label_of = (feature: FileFeature): string => feature.label?.trim() ?? '';

export function kind_of(feature: FileFeature, { origins, kinds }: Choices): string | null {
  const origin = origins.kind;
  if (origin?.from === 'value') return origin.value || null;
  if (origin?.from === 'nothing') return kinds.get('') ?? null;
  return feature.properties.kind ?? kinds.get(label_of(feature)) ?? null;
}

/** Labels that are no kind, with how many zones have each, the most frequent first; an empty one stands for none. */
export function unknown_labels(features: readonly FileFeature[], { origins }: Choices): { label: string; n: number }[] {
  if (origins.kind?.from === 'value') return [];
  const counts = new Map<string, number>();
  for (const feature of features) {
    const label = origins.kind?.from === 'nothing' ? '' : label_of(feature);
    if (origins.kind?.from !== 'nothing' && feature.properties.kind) continue;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return [...counts].map(([label, n]) => ({ label, n })).sort((a, b) => b.n - a.n || (a.label < b.label ? -1 : 1));
}

/** What is proposed: what lies where a zone of its id or code lies is that zone drawn anew, each zone once. */
export function proposed_fates(features: readonly FileFeature[]): Map<number, Fate> {
  const taken = new Set<string>();
  const fates = new Map<number, Fate>();
  for (const { row, same_as } of features) {
    if (!same_as?.lies_there || taken.has(same_as.id)) continue;
    taken.add(same_as.id);
    fates.set(row, 'redraw');
  }
  return fates;
}

export const kept = (features: readonly FileFeature[], { left_out }: Choices): FileFeature[] =>
  features.filter(({ row }) => !left_out.has(row));

export type Obstacle = 'nothing' | 'too_many' | 'too_many_vertices' | 'without_kind' | 'drawn_twice';

/** Why the zones cannot go into the draft as they are. */
export function obstacle(features: readonly FileFeature[], choices: Choices): Obstacle | null {
  const list = kept(features, choices);
  if (list.length === 0) return 'nothing';
  if (list.length > MOST_KEPT) return 'too_many';
  if (list.reduce((sum, { polygons }) => sum + n_vertices(polygons), 0) > MOST_KEPT_VERTICES)
    return 'too_many_vertices';
  if (list.some((feature) => kind_of(feature, choices) === null)) return 'without_kind';
  const redrawn = redrawn_of(list, choices);
  return new Set(redrawn).size < redrawn.length ? 'drawn_twice' : null;
}

/** Ids of zones that are there and are drawn anew. */
export function redrawn_of(features: readonly FileFeature[], { fates }: Choices): string[] {
  return features.flatMap(({ row, same_as }) => (same_as && fates.get(row) === 'redraw' ? [same_as.id] : []));
}

export function operations_of(
  features: readonly FileFeature[],
  choices: Choices,
  new_id: () => string,
): (Operation & { op: 'put' })[] {
  return kept(features, choices).map((feature) => {
    const { row, same_as, polygons } = feature;
    const id = same_as && choices.fates.get(row) === 'redraw' ? same_as.id : new_id();
    return { op: 'put', id, polygons, properties: properties_of(feature, choices) };
  });
}

export function properties_of(feature: FileFeature, choices: Choices): Partial<ZoneProperties> {
  const properties: Partial<Record<keyof ZoneProperties, string | number>> = {};
  for (const [name, value] of Object.entries(feature.properties) as [keyof ZoneProperties, string | number | null][]) {
    if (value !== null && choices.origins[name as Column]?.from !== 'nothing') properties[name] = value;
  }
  for (const [name, origin] of Object.entries(choices.origins)) {
    const text = origin.from === 'value' ? origin.value.trim().normalize('NFC') : '';
    if (text && name !== 'id') properties[name as Field] = text;
  }
  const kind = kind_of(feature, choices);
  if (kind) properties.kind = kind;
  return properties as Partial<ZoneProperties>;
}

/** Reference systems that files of Vietnam come in. */
export const COMMON_CRS: readonly (readonly [code: string, name: string])[] = [
  ['EPSG:4326', 'WGS 84 (°)'],
  ['EPSG:4756', 'VN-2000 (°)'],
  ['EPSG:5896', 'VN-2000 102°'],
  ['EPSG:5897', 'VN-2000 105°'],
  ['EPSG:5899', 'VN-2000 107°45′'],
  ['EPSG:5898', 'VN-2000 108°'],
  ['EPSG:3405', 'VN-2000 UTM 48N'],
  ['EPSG:3406', 'VN-2000 UTM 49N'],
  ['EPSG:32648', 'WGS 84 UTM 48N'],
];

/** Encodings that text of Vietnam comes in. */
export const ENCODINGS = ['UTF-8', 'TCVN3', 'VNI', 'CP1258'] as const;
