// The words of the field, as the API says them (docs/api.md). Areas are m², shares 0 to 1, bounds [w, s, e, n] in degrees.
import type { Geometry, ZoneCode } from './officer/codes.ts';
import type { Behind } from './partners/partners.ts';

export type Lang = 'vi' | 'en';
export type Theme = 'light' | 'dark';
/** A text for people. */
export type Text = Readonly<Record<Lang, string>>;
export type LonLat = readonly [lon: number, lat: number];
/** Rings in degrees, the outer one first, then holes; one list for each part. */
export type LonLatShape = readonly (readonly (readonly LonLat[])[])[];
export type Bounds = readonly [west: number, south: number, east: number, north: number];

/** What the page can switch on the map: the values of `farmzone:switch` in a style's layers. */
export const SWITCHES = ['zones', 'encroachments', 'landuse', 'units', 'context', 'labels', 'basemap'] as const;
export type Switch = (typeof SWITCHES)[number];

export const RIGHTS = ['unplanned', 'planned', 'permitted', 'farm_structure', 'legacy', 'unknown'] as const;
export type Right = (typeof RIGHTS)[number];

/** What became of an event since the epoch before. */
export const CHANGES = ['new', 'grown', 'same', 'shrunk', 'gone'] as const;
export type Change = (typeof CHANGES)[number];

export interface Totals {
  n_zones: number;
  area_m2: number;
  /** Null when no land use is known: then nothing can be said about losses. */
  lost_m2: number | null;
  kept_m2: number | null;
  /** Land of which the epoch shows nothing; null without land use. */
  not_seen_m2: number | null;
  lost_share: number | null;
  n_events: number | null;
  n_zones_encroached: number | null;
  n_units: number;
}

export interface Kind {
  kind: string;
  name: Text;
  color_light: string;
  color_dark: string;
}

export interface KindFigures extends Kind {
  n_zones: number;
  area_m2: number;
  lost_m2: number | null;
  kept_m2: number | null;
  not_seen_m2: number | null;
  n_events: number | null;
  target_m2: number | null;
  target_source: Text | null;
}

export interface RightFigures {
  right: string;
  name: Text;
  n_events: number;
  area_m2: number;
}

export interface GroupFigures {
  group: string;
  name: Text;
  n_events: number;
  area_m2: number;
}

/** A piece counts whole under the land-use code that covers most of it. */
export interface CodeFigures {
  code: string;
  /** Null where the legend does not know it. */
  name: Text | null;
  group: string;
  n_events: number;
  area_m2: number;
}

export interface ChangeFigures {
  change: string;
  n_events: number;
}

export interface SinceFigures {
  since: string;
  n_events: number;
}

export interface SeverityFigures {
  severity: number;
  n_events: number;
}

export interface Crs {
  code: string;
  name: string;
  proj4: string | null;
}

/** What the epoch shows in all zones and no figure counts as lost; null without land use. */
export interface LeftOut {
  n_slivers: number | null;
  sliver_area_m2: number | null;
  n_tracks: number | null;
  track_area_m2: number | null;
  n_uncertain: number | null;
  uncertain_area_m2: number | null;
  other_source_area_m2: number | null;
  /** Drawn more than once; counted once. */
  overlap_area_m2: number | null;
  thresholds: { sliver_area_m2: number; sliver_width_m: number; sliver_narrow_area_m2: number };
}

export interface Summary extends LeftOut {
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
  groups: GroupFigures[];
  rights: RightFigures[];
  codes: CodeFigures[];
  /** Groups of land use that count as lost. */
  loss_groups: string[];
  changes: ChangeFigures[];
  since: SinceFigures[];
  severities: SeverityFigures[];
  /** Areas at which the severity rises. */
  severity_steps_m2: number[];
}

export interface Unit {
  code: string;
  name: string;
  full_name: string | null;
  /** What it was called before, or what it was made of. */
  former_names: string[];
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
  zone_id: string;
  kind: string | null;
  group: string;
  group_name: Text;
  code: string;
  code_name: Text | null;
  epoch: string;
  since: string | null;
  change: string | null;
  right: string;
  right_name: Text;
  /** How many of the rules' steps the area reaches; null in zones of kinds that they are not for. */
  severity: number | null;
  area_m2: number;
  /** Null when no layer states its accuracy; so is the probability. */
  sigma_m2: number | null;
  probability: number | null;
  n_sources: number;
  n_agreeing: number;
  share: number;
  center: LonLat;
}

/** One feature that an event or its right rests on. */
export interface Evidence {
  kind: string;
  layer: string;
  feature: string;
  label: string | null;
  area_m2: number;
  date: string | null;
  /** False when it was not in force when the land was built on. */
  counts: boolean;
}

/** What one epoch shows of an event. */
export interface Sighting {
  epoch: string;
  change: string | null;
  area_m2: number;
}

export interface EventCard extends Event {
  geometry: Geometry;
  evidence: Evidence[];
  epochs: Sighting[];
}

/** Land of one class that is of another, or of the same; null is land that the epoch does not show. */
export interface TransitionRow {
  from: string | null;
  from_name: Text | null;
  to: string | null;
  to_name: Text | null;
  area_m2: number;
  n_zones: number;
}

export type By = 'group' | 'code';

export interface Transitions {
  from: string | null;
  to: string | null;
  by: By;
  area_m2: number;
  changed_m2: number;
  rows: TransitionRow[];
}

export interface ZoneState {
  epoch: string;
  /** Null when the epoch shows nothing of the zone. */
  lost_m2: number | null;
  n_events: number;
  n_gone: number;
  not_shown_m2: number;
  classes: { code: string; name: Text | null; group: string; area_m2: number }[];
}

export interface ZoneHistory {
  area_m2: number;
  first_seen: string | null;
  net_loss_m2_per_year: number | null;
  epochs: ZoneState[];
  transitions: {
    from_epoch: string;
    to_epoch: string;
    rows: { from: string | null; to: string | null; area_m2: number }[];
  }[];
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
  linkage: string | null;
  products: string | null;
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
  /** Farming area codes of the register that are on it, and that of its own papers. */
  codes?: ZoneCode[];
  /** Who is behind it; null where the workspace has no tables of that. */
  behind?: Behind | null;
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

/** The first of the rows that a question takes. */
export interface Rows<Row> {
  n_matched: number;
  rows: Row[];
}

export interface SearchResult {
  /** A code is told of only where no zone bears it. */
  type: 'zone' | 'unit' | 'code' | 'partner' | 'linkage' | 'product' | 'trace';
  id: string;
  name: string;
  code: string | null;
  kind: string | null;
  unit_name: string | null;
  area_m2: number | null;
  /** Of a commune whose own name was not typed: the name that was, of one that it was made of. */
  found_by?: string | null;
  /** Null of a partner without zones. */
  bounds: Bounds | null;
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

/** First and last epoch, both included. */
export interface Span {
  from: string;
  to: string;
}

/** Which events are shown and counted; empty lists and null take all. */
export interface EventFilter {
  groups: readonly string[];
  rights: readonly string[];
  changes: readonly string[];
  /** At least this many steps. */
  severity: number | null;
  /** First seen within. */
  since: Span | null;
}

/** What filters the figures, the map and the list alike. */
export interface Filter extends EventFilter {
  kinds: readonly string[];
  unit: string | null;
  /** Null: the latest land-use epoch. */
  epoch: string | null;
}
