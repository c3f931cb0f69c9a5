// The words of the field, as the API says them (docs/api.md). Areas are m², shares 0 to 1, bounds [w, s, e, n] in degrees.

export type Lang = 'vi' | 'en';
export type Theme = 'light' | 'dark';
/** A text for people. */
export type Text = Readonly<Record<Lang, string>>;
export type LonLat = readonly [lon: number, lat: number];
export type Bounds = readonly [west: number, south: number, east: number, north: number];

/** What the page can switch on the map: the values of `farmzone:switch` in a style's layers. */
export const SWITCHES = ['zones', 'encroachments', 'landuse', 'units', 'context', 'labels'] as const;
export type Switch = (typeof SWITCHES)[number];

export const RIGHTS = ['unplanned', 'planned', 'permitted', 'farm_structure', 'legacy', 'unknown'] as const;
export type Right = (typeof RIGHTS)[number];

export interface Totals {
  n_zones: number;
  area_m2: number;
  /** Null when no land use is known: then nothing can be said about losses. */
  lost_m2: number | null;
  kept_m2: number | null;
  lost_share: number | null;
  n_events: number | null;
  n_zones_encroached: number | null;
  n_units: number;
}

export interface KindFigures {
  kind: string;
  name: Text;
  color_light: string;
  color_dark: string;
  n_zones: number;
  area_m2: number;
  lost_m2: number | null;
  kept_m2: number | null;
  n_events: number | null;
  target_m2: number | null;
  target_source: string | null;
}

export interface RightFigures {
  right: string;
  name: Text;
  n_events: number;
  area_m2: number;
}

export interface Crs {
  code: string;
  name: string;
  proj4: string | null;
}

export interface Summary {
  revision: number;
  title: Text;
  simulated: boolean;
  crs: Crs;
  /** Null when the workspace is empty. */
  bounds: Bounds | null;
  epoch: string | null;
  epochs: string[];
  data_date: string | null;
  layers_present: string[];
  totals: Totals;
  kinds: KindFigures[];
  rights: RightFigures[];
}

export interface Unit {
  code: string;
  name: string;
  full_name: string | null;
  bounds: Bounds;
  center: LonLat;
  n_zones: number;
  zones_area_m2: number;
  lost_m2: number | null;
}

export interface UnitName {
  code: string;
  name: string;
}

/** One piece of land lost inside a zone. */
export interface Event {
  id: string;
  group: string;
  group_name: Text;
  code: string;
  code_name: Text;
  epoch: string;
  since: string | null;
  right: string;
  right_name: Text;
  area_m2: number;
  share: number;
  center: LonLat;
}

export interface Zone {
  id: string;
  kind: string;
  kind_name: Text;
  name: string | null;
  code: string | null;
  unit: UnitName | null;
  crop: string | null;
  variety: string | null;
  cooperative: string | null;
  standard: string | null;
  standard_no: string | null;
  standard_until: string | null;
  declared_area_m2: number | null;
  established: string | null;
  area_m2: number;
  geodesic_area_m2: number;
  kept_m2: number | null;
  lost_m2: number | null;
  lost_share: number | null;
  outside_share: number;
  center: LonLat;
  bounds: Bounds;
  epoch: string | null;
  simulated: boolean;
  events: Event[];
  n_events: number | null;
}

export interface ZoneRow {
  id: string;
  kind: string;
  name: string | null;
  code: string | null;
  unit: UnitName | null;
  area_m2: number;
  lost_m2: number | null;
}

export interface ZoneRows {
  n_matched: number;
  zones: ZoneRow[];
}

export interface SearchResult {
  type: 'zone' | 'unit';
  id: string;
  name: string;
  code: string | null;
  kind: string | null;
  unit_name: string | null;
  area_m2: number | null;
  bounds: Bounds;
}

export interface LanduseClass {
  code: string;
  name: Text;
  group: string;
  color: string;
}

/** Where a layer of the workspace comes from. */
export interface LayerSource {
  name: string;
  role: string;
  epoch: string | null;
  source: string | null;
}

/** What filters the figures, the map and the list alike. */
export interface Filter {
  kinds: readonly string[];
  unit: string | null;
  /** Null: the latest land-use epoch. */
  epoch: string | null;
}
