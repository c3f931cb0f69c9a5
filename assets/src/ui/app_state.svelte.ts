// What the page knows and shows: the view (kept in the address), the figures, the chosen zone.
// Components read it and call its verbs; it never touches the DOM or the map.
import { was_aborted, ApiError, type Problem } from '../api/client.ts';
import * as api from '../api/farmzone.ts';
import { sought_by, type ChosenEvent, type ChosenZone } from '../core/chosen.ts';
import { event_filter_of, n_event_filters, NO_EVENT_FILTER } from '../core/event_filter.ts';
import type {
  EventFilter,
  Filter,
  Kind,
  KindFigures,
  LanduseClass,
  LayerSource,
  Lang,
  LonLat,
  SearchResult,
  Summary,
  Switch,
  Theme,
  Unit,
} from '../core/model.ts';
import type { TileNews } from '../core/tile_news.ts';
import { format_link, parse_link, past_of, type Camera, type Listed, type View } from '../core/view_link.ts';
import { say, say_count, type CountKey, type Key } from '../i18n/index.ts';
import { remembered, remember } from './preferences.ts';

export type Tab = 'figures' | 'changes' | 'list' | 'layers';

/** What the page asks the map to do; the map component carries it out. */
export interface MapWishes {
  refresh(news: TileNews): boolean;
  fit(bounds: readonly [number, number, number, number]): void;
  fly_to(center: LonLat, area_m2: number): void;
  reveal(center: LonLat): void;
  go_to(camera: Camera): void;
  zoom_by(steps: number): void;
  focus(): void;
  landuse_color(code: string, group: string): string | null;
  kind_pattern(kind: string): ImageData | null;
}

const [RETRY_MS, MAP_FIRST_MS] = [5_000, 200];

export class AppState {
  view = $state<View>(parse_link(window.location.hash));
  summary = $state.raw<Summary | null>(null);
  /** The rows of the kinds: filtered by commune, not by kind, so that every row can be chosen. */
  kinds = $state.raw<KindFigures[]>([]);
  units = $state.raw<Unit[]>([]);
  classes = $state.raw<LanduseClass[]>([]);
  sources = $state.raw<LayerSource[]>([]);
  loading = $state(true);
  problem = $state<Problem | null>(null);
  chosen = $state.raw<ChosenZone>({ status: 'none' });
  chosen_event = $state.raw<ChosenEvent>({ status: 'none' });
  /** The figures without the filters of events: what there is to filter by. */
  facets = $state.raw<Summary | null>(null);
  /** The zone or piece was just chosen here, not named by the link: its card takes the focus once. */
  chosen_by_hand = false;
  camera = $state.raw<Camera | null>(null);
  pointer = $state.raw<LonLat | null>(null);
  at_rest = $state(0);
  /** What is shown is at least of this revision. */
  revision = $state(0);
  /** Grows when the server told of a newer revision than the one shown. */
  revision_seen = $state(0);
  plans_seen = $state(0); // the same of changes of plans
  /** Grows when the map needs a new style for what changed. */
  n_restyles = $state(0);
  /** Grows with every style that the map has put on. */
  n_styles = $state(0);
  tab = $state<Tab>('figures');
  listed = $state<Listed>('zones');
  /** The map is still drawing what the view asks for. */
  map_busy = $state(false);
  announcement = $state('');
  map: MapWishes | null = null;

  /** Every kind that a zone can be, for names and colours; the map may have none of it yet. */
  known_kinds = $state.raw<readonly Kind[]>([]);
  #system_dark = $state(window.matchMedia('(prefers-color-scheme: dark)').matches);
  #preferred = $state(remembered());
  #figures_request: AbortController | null = null;
  #zone_request: AbortController | null = null;
  #event_request: AbortController | null = null;
  /** A zone chosen where it is seen: its card must not cover it. */
  #pointed_out: string | null = null;
  /** Named by the link without a place, or by a click among others: the map goes there, once both are here. */
  #sought = sought_by(this.view);
  #units_are_old = true;
  #revision_told = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;

  readonly lang: Lang = $derived(this.view.lang ?? this.#preferred.lang ?? 'vi');
  readonly theme: Theme = $derived(this.view.theme ?? this.#preferred.theme ?? (this.#system_dark ? 'dark' : 'light'));
  readonly event_filter: EventFilter = $derived(event_filter_of(this.view));
  readonly filter: Filter = $derived({
    kinds: [...this.view.kinds],
    unit: this.view.unit,
    epoch: this.view.epoch,
    ...this.event_filter,
  });
  readonly n_event_filters = $derived(n_event_filters(this.view));
  readonly has_filter = $derived(this.view.kinds.length > 0 || this.view.unit !== null);
  readonly is_empty = $derived(this.summary !== null && !this.has_filter && this.summary.totals.n_zones === 0);
  readonly knows_losses = $derived((this.summary?.epochs.length ?? 0) > 0);
  readonly epoch: string | null = $derived(this.view.epoch ?? this.summary?.epoch ?? null);
  /** The past that is shown: the moment that was chosen, else the revision that the link is of, once it is past. */
  readonly at: string | null = $derived(this.view.at ?? past_of(this.view.rev, this.summary?.revision));

  /** The zone to outline: the chosen one, else that of the chosen piece. */
  readonly outlined: string | null = $derived(
    this.view.zone ?? (this.chosen_event.status === 'shown' ? this.chosen_event.event.zone_id : null),
  );

  say(key: Key, values?: Record<string, string | number>): string {
    return say(this.lang, key, values);
  }

  say_count(key: CountKey, n: number): string {
    return say_count(this.lang, key, n);
  }

  color(kind: string): string {
    const known = this.known_kinds.find((row) => row.kind === kind);
    return (this.theme === 'dark' ? known?.color_dark : known?.color_light) ?? '#9aa0a6';
  }

  unit_name(code: string): string {
    return this.units.find((unit) => unit.code === code)?.name ?? code;
  }

  kind_name(kind: string): string {
    return this.known_kinds.find((row) => row.kind === kind)?.name[this.lang] ?? kind;
  }

  // --- the view and the address

  /** A step that the back button undoes. */
  step(change: Partial<View>): void {
    Object.assign(this.view, change);
    this.#write('pushState');
  }

  /** A change that is in the link, but no step. */
  adjust(change: Partial<View>): void {
    Object.assign(this.view, change);
    this.#write('replaceState');
  }

  /** The address has changed: back, forward, or typed. */
  read_address(): void {
    const view = parse_link(window.location.hash);
    Object.assign(this.view, view);
    this.#sought = sought_by(view);
    if (view.camera) this.map?.go_to(view.camera);
    this.go_to_sought();
  }

  link(): string {
    const { origin, pathname } = window.location;
    return origin + pathname + format_link({ ...this.view, camera: this.camera ?? this.view.camera });
  }

  #write(how: 'pushState' | 'replaceState'): void {
    const { pathname, search, hash } = window.location;
    const link = format_link(this.view);
    if (link !== hash) window.history[how](null, '', pathname + search + link);
  }

  moved(camera: Camera, at_rest: boolean): void {
    this.camera = camera;
    if (!at_rest) return;
    this.at_rest += 1;
    this.adjust({ camera });
  }

  set_lang(lang: Lang): void {
    this.#preferred = remember({ ...this.#preferred, lang });
    this.adjust({ lang });
  }

  set_theme(theme: Theme): void {
    this.#preferred = remember({ ...this.#preferred, theme });
    this.adjust({ theme });
  }

  system_theme_changed(dark: boolean): void {
    this.#system_dark = dark;
  }

  // --- filters

  toggle_kind(kind: string): void {
    const kinds = this.view.kinds.includes(kind)
      ? this.view.kinds.filter((k) => k !== kind)
      : [...this.view.kinds, kind];
    this.step({ kinds });
  }

  choose_unit(code: string | null): void {
    this.#sought = null;
    this.step({ unit: code });
    const unit = this.units.find((item) => item.code === code);
    if (unit) this.map?.fit(unit.bounds);
    else if (code === null && this.summary?.bounds) this.map?.fit(this.summary.bounds);
  }

  clear_filters(): void {
    this.step({ kinds: [], unit: null, ...NO_EVENT_FILTER });
  }

  filter_events(change: Partial<EventFilter>): void {
    if (this.n_event_filters === 0) this.listed = 'pieces';
    this.step(change);
  }

  choose_epoch(epoch: string): void {
    this.step({ epoch: this.#epoch_in_link(epoch) });
  }

  /** The same while time runs: no step for the back button. */
  pass_epoch(epoch: string): void {
    this.adjust({ epoch: this.#epoch_in_link(epoch) });
  }

  #epoch_in_link(epoch: string): string | null {
    return epoch === this.summary?.epochs.at(-1) ? null : epoch;
  }

  toggle_layer(name: Switch): void {
    const on = this.view.layers.includes(name);
    this.adjust({ layers: on ? this.view.layers.filter((layer) => layer !== name) : [...this.view.layers, name] });
  }

  // --- the chosen zone

  choose_zone(id: string | null): void {
    this.chosen_by_hand = id !== null;
    this.#pointed_out = id;
    this.#sought = null;
    const { zone, event, partner } = this.view;
    if (id !== zone || event !== null || partner !== null) this.step({ zone: id, event: null, partner: null });
  }

  /** Opens a piece's card; closing it leads back to the card of `zone`, where one is given. */
  choose_event(id: string, zone: string | null): void {
    this.chosen_by_hand = true;
    this.#sought = null;
    if (id !== this.view.event || zone !== this.view.zone) this.step({ event: id, zone, partner: null });
  }

  close_event(): void {
    this.chosen_by_hand = this.view.zone !== null;
    this.step({ event: null });
  }

  async load_event(id: string | null, epoch: string | null): Promise<void> {
    this.#event_request?.abort();
    if (id === null) {
      this.chosen_event = { status: 'none' };
      return;
    }
    if (this.chosen_event.status === 'none' || this.chosen_event.id !== id)
      this.chosen_event = { status: 'loading', id };
    const request = (this.#event_request = new AbortController());
    try {
      const event = await api.get_event(id, epoch, request.signal);
      const known = this.chosen.status === 'shown' && this.chosen.id === event.zone_id ? this.chosen.zone : null;
      const zone = known ?? (await api.get_zone(event.zone_id, epoch, request.signal).catch(() => null));
      if (request.signal.aborted) return;
      const is_first = this.chosen_event.status !== 'shown';
      this.chosen_event = { status: 'shown', id, event, zone };
      if (is_first && this.#sought !== id) this.map?.reveal(event.center);
      this.go_to_sought();
    } catch (error) {
      if (was_aborted(error)) return;
      const status = error instanceof ApiError && error.problem === 'not_found' ? 'not_found' : 'failed';
      this.chosen_event = { status, id };
      this.#sought = null;
    }
  }

  choose_result(result: SearchResult): void {
    if (result.type === 'unit') return void this.choose_unit(result.id);
    if (result.type === 'code') this.step({ check: result.id });
    else if (result.type === 'zone') this.choose_zone(result.id);
    else this.step({ partner: `${result.type}s/${result.id}`, zone: null, event: null });
    this.#pointed_out = null;
    if (result.bounds) this.map?.fit(result.bounds);
  }

  /** The zone at a place where the map shows zones as one area; the map goes near enough to show it. */
  async choose_zone_at(at: LonLat): Promise<void> {
    const id = (await api.get_zone_at(at).catch(() => null))?.id ?? null;
    this.choose_zone(id);
    this.#sought = id;
    this.go_to_sought();
  }

  async load_zone(id: string | null, epoch: string | null): Promise<void> {
    this.#zone_request?.abort();
    if (id === null) {
      this.chosen = { status: 'none' };
      return;
    }
    // The same zone in another year: keep the card until the new figures are here.
    if (this.chosen.status === 'none' || this.chosen.id !== id) this.chosen = { status: 'loading', id };
    const request = (this.#zone_request = new AbortController());
    try {
      const zone = await api.get_zone(id, epoch, request.signal);
      this.chosen = { status: 'shown', id, zone };
      if (this.#pointed_out === id && this.#sought !== id) this.map?.reveal(zone.center);
      this.#pointed_out = null;
      this.go_to_sought();
    } catch (error) {
      if (was_aborted(error)) return;
      this.chosen = { status: error instanceof ApiError && error.problem === 'not_found' ? 'not_found' : 'failed', id };
      if (this.#sought === id) this.#sought = null;
    }
  }

  /** Goes to what is sought, once it and the map are here. */
  go_to_sought(): void {
    const { chosen, chosen_event: piece } = this;
    if (this.map === null || this.#sought === null) return;
    if (piece.status === 'shown' && piece.id === this.#sought) this.map.fly_to(piece.event.center, piece.event.area_m2);
    else if (chosen.status === 'shown' && chosen.id === this.#sought) this.map.fit(chosen.zone.bounds);
    else return;
    this.#sought = null;
  }

  // --- figures

  async load_figures(filter: Filter): Promise<void> {
    this.#figures_request?.abort();
    clearTimeout(this.#retry);
    const request = (this.#figures_request = new AbortController());
    this.loading = true;
    try {
      const all_kinds = { ...filter, kinds: [] };
      const all_events = { ...filter, ...NO_EVENT_FILTER };
      const [summary, whole, known, units, facets] = await Promise.all([
        api.get_summary(filter, request.signal),
        filter.kinds.length > 0 ? api.get_summary(all_kinds, request.signal) : null,
        this.known_kinds.length > 0 ? this.known_kinds : api.get_kinds(request.signal),
        this.#units_are_old ? api.get_units(request.signal) : this.units,
        n_event_filters(filter) > 0 ? api.get_summary(all_events, request.signal) : null,
      ]);
      this.kinds = (whole ?? summary).kinds;
      this.known_kinds = known;
      this.units = units;
      this.#units_are_old = false;
      this.summary = summary;
      this.facets = facets ?? summary;
      this.revision = Math.max(this.revision, summary.revision);
      this.problem = null;
      this.loading = false;
      // Where no stream comes through, figures bring the news.
      if (summary.revision > this.#revision_told) this.revision_changed({ revision: summary.revision });
      this.#catch_up(summary.revision);
    } catch (error) {
      if (was_aborted(error)) return;
      this.problem = error instanceof ApiError ? error.problem : 'server';
      this.loading = false;
      if (this.problem === 'unreachable') this.#retry = setTimeout(() => void this.load_figures(filter), RETRY_MS);
    }
  }

  async load_classes(epoch: string | null): Promise<void> {
    try {
      this.classes = await api.get_landuse_classes(epoch);
    } catch {
      this.classes = []; // the legend's own text says that there is none
    }
  }

  async load_sources(): Promise<void> {
    try {
      this.sources = await api.get_sources();
    } catch {
      this.sources = []; // what is known of the data is then simply not shown
    }
  }

  /** The workspace has changed: communes are read anew, figures and zone follow `revision`. */
  revision_changed(news: TileNews): void {
    if (this.map?.refresh(news) === false) this.n_restyles += 1;
    this.#revision_told = Math.max(this.#revision_told, news.revision);
    // The map first. The first figures are on their way and will be compared when they are here.
    setTimeout(() => this.summary && this.#catch_up(this.summary.revision), MAP_FIRST_MS);
  }

  #catch_up(revision_shown: number): void {
    if (this.#revision_told <= Math.max(revision_shown, this.revision_seen)) return;
    this.#units_are_old = true;
    this.revision_seen = this.#revision_told;
    this.announcement = this.say('updated');
  }
}
