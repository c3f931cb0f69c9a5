// The exact view as the part of the address behind `#`, and back.
// What stands at its default is left out; what cannot be read is ignored, so that an old or mangled link still opens the map.
import { format_span, NO_EVENT_FILTER, parse_span } from './event_filter.ts';
import { CHANGES, RIGHTS, SWITCHES, type Filter, type Lang, type Switch, type Theme } from './model.ts';

export interface Camera {
  zoom: number;
  lat: number;
  lon: number;
}

/** Letters that a table is searched by, at most. */
export const MOST_FIND = 100;

/** What a list or a table is of. */
export type Listed = 'zones' | 'pieces';

/** The cards of the page of figures, in their order. */
export const FIGURE_CARDS = ['held', 'years', 'losses', 'patches', 'supply', 'communes'] as const;
export type FigureCard = (typeof FIGURE_CARDS)[number];

export interface View extends Filter {
  camera: Camera | null;
  zone: string | null;
  /** The piece of lost land whose card is open. */
  event: string | null;
  /** The cooperative, linkage, product or trace code whose card is open: its table, a slash, its key. */
  partner: string | null;
  /** The plan that is open. */
  plan: string | null;
  /** The secret of a link by which anybody may read the plan. */
  share: string | null;
  /** The farming area code that is being checked; empty while none is typed, null when nobody checks. */
  check: string | null;
  /** The moment of which the map is, as core/history/moment.ts writes it; null is now. */
  at: string | null;
  /** The revision that the link is pinned to. */
  rev: number | null;
  /** The table that is open, what it is in order by (as the API's `sort`), and the words that its rows hold. */
  table: Listed | null;
  sort: string | null;
  find: string | null;
  /** The page of figures: from its head, or from one of its cards. */
  figures: FigureCard | 'all' | null;
  /** The year beside that of the map, left of a divider. */
  beside: string | null;
  /** Where the divider stands, percent of the map from its left; null: in the middle. */
  divider: number | null;
  lang: Lang | null;
  theme: Theme | null;
  layers: readonly Switch[];
}

export const DEFAULT_LAYERS: readonly Switch[] = ['zones', 'encroachments', 'units', 'context', 'labels'];

export const DEFAULT_VIEW: View = {
  camera: null,
  kinds: [],
  unit: null,
  epoch: null,
  ...NO_EVENT_FILTER,
  zone: null,
  event: null,
  partner: null,
  plan: null,
  share: null,
  check: null,
  at: null,
  rev: null,
  table: null,
  sort: null,
  find: null,
  figures: null,
  beside: null,
  divider: null,
  lang: null,
  theme: null,
  layers: DEFAULT_LAYERS,
};

/** More than any true value needs; keeps a hostile link from filling the page. */
const MAX_LENGTH = 200;

/** `#map=11.2/21.03/105.85&kind=rice,fruit&…` or an empty text when all stands at its default. */
export function format_link(view: View): string {
  const parts: string[] = [];
  const put = (key: string, value: string) => parts.push(`${key}=${value}`);
  if (view.camera) {
    const { zoom, lat, lon } = view.camera;
    // A pixel at this zoom, and a little finer.
    const decimals = Math.min(7, Math.max(2, Math.ceil((zoom * Math.LN2 + Math.log(512 / 360 / 0.5)) / Math.LN10)));
    put('map', `${round(zoom, 2)}/${lat.toFixed(decimals)}/${lon.toFixed(decimals)}`);
  }
  if (view.kinds.length > 0) put('kind', view.kinds.map(encodeURIComponent).join(','));
  if (view.unit) put('unit', encodeURIComponent(view.unit));
  if (view.epoch) put('epoch', encodeURIComponent(view.epoch));
  if (view.groups.length > 0) put('group', view.groups.map(encodeURIComponent).join(','));
  if (view.rights.length > 0) put('right', view.rights.join(','));
  if (view.changes.length > 0) put('change', view.changes.join(','));
  if (view.severity !== null) put('severity', String(view.severity));
  if (view.since) put('since', format_span(view.since));
  if (view.zone) put('zone', encodeURIComponent(view.zone));
  if (view.event) put('event', encodeURIComponent(view.event));
  if (view.partner) put('partner', encodeURIComponent(view.partner));
  if (view.plan) put('plan', encodeURIComponent(view.plan));
  if (view.share) put('share', encodeURIComponent(view.share));
  if (view.check !== null) put('check', encodeURIComponent(view.check));
  if (view.at) put('at', view.at);
  if (view.rev !== null) put('rev', String(view.rev));
  if (view.table) put('table', view.table);
  if (view.sort) put('sort', view.sort);
  if (view.find) put('find', encodeURIComponent(view.find));
  if (view.figures) put('figures', view.figures);
  if (view.beside) put('beside', encodeURIComponent(view.beside));
  if (view.beside && view.divider !== null) put('divider', String(view.divider));
  if (view.lang) put('lang', view.lang);
  if (view.theme) put('theme', view.theme);
  if (!same_set(view.layers, DEFAULT_LAYERS)) put('layers', view.layers.join(','));
  return parts.length > 0 ? `#${parts.join('&')}` : '';
}

export function parse_link(hash: string): View {
  const values = new Map<string, string>();
  for (const part of hash.replace(/^#/, '').split('&')) {
    const at = part.indexOf('=');
    if (at > 0) values.set(part.slice(0, at), part.slice(at + 1));
  }
  const text = (key: string): string | null => decode(values.get(key));
  const list = (key: string): string[] => {
    const parts = (values.get(key) ?? '').split(',').map(decode);
    return [...new Set(parts.filter((part) => part !== null))];
  };
  const severity = /^[1-9]\d?$/.test(text('severity') ?? '') ? Number(text('severity')) : null;
  const lang = text('lang');
  const theme = text('theme');
  const layers = values.get('layers')?.split(',');
  const table = text('table');
  return {
    camera: parse_camera(text('map')),
    kinds: list('kind'),
    unit: text('unit'),
    epoch: text('epoch'),
    groups: list('group'),
    rights: RIGHTS.filter((right) => list('right').includes(right)),
    changes: CHANGES.filter((change) => list('change').includes(change)),
    severity,
    since: parse_span(text('since')),
    zone: text('zone'),
    event: text('event'),
    partner: text('partner'),
    plan: text('plan'),
    share: text('share'),
    check: values.has('check') ? (text('check') ?? '') : null,
    at: /^[\d,a-z-]{1,16}$/.test(text('at') ?? '') ? text('at') : null,
    rev: /^\d{1,15}$/.test(text('rev') ?? '') ? Number(text('rev')) : null,
    table: table === 'zones' || table === 'pieces' ? table : null,
    sort: /^-?[a-z]{1,16}$/.test(text('sort') ?? '') ? text('sort') : null,
    find: text('find')?.slice(0, MOST_FIND) ?? null,
    // A card of another version is the page all the same.
    figures: values.has('figures') ? (FIGURE_CARDS.find((card) => card === values.get('figures')) ?? 'all') : null,
    beside: text('beside'),
    divider: /^\d{1,2}$/.test(text('divider') ?? '') ? Number(text('divider')) : null,
    lang: lang === 'vi' || lang === 'en' ? lang : null,
    theme: theme === 'light' || theme === 'dark' ? theme : null,
    layers: layers ? SWITCHES.filter((name) => layers.includes(name)) : DEFAULT_LAYERS,
  };
}

/** The moment (as `at`) of the revision that a link is pinned to; null while it is the present one, or that is not known yet. */
export const past_of = (rev: number | null, present: number | undefined): string | null =>
  rev === null || present === undefined || rev === present ? null : String(rev);

function parse_camera(text: string | null): Camera | null {
  const numbers = (text ?? '').split('/').map((part) => (part.trim() === '' ? NaN : Number(part)));
  const [zoom, lat, lon] = numbers;
  if (numbers.length !== 3 || zoom === undefined || lat === undefined || lon === undefined) return null;
  const inside = zoom >= 0 && zoom <= 24 && Math.abs(lat) <= 85.06 && Math.abs(lon) <= 180;
  return inside ? { zoom, lat, lon } : null;
}

function decode(value: string | undefined): string | null {
  if (!value || value.length > MAX_LENGTH) return null;
  try {
    return decodeURIComponent(value) || null;
  } catch {
    return null;
  }
}

function round(value: number, decimals: number): number {
  return Math.round(value * 10 ** decimals) / 10 ** decimals;
}

function same_set(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item) => b.includes(item));
}
