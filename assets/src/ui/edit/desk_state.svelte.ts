// The planner's desk: what is selected, which tool is in hand, and the verbs by which the draft changes.
// Components and the hand on the map call its verbs; it knows neither DOM nor map.
import { self_crossing } from '../../core/edit/checks.ts';
import { Draft, type Deed } from '../../core/edit/draft.ts';
import { needs_server, type Operation } from '../../core/edit/operation.ts';
import {
  area_m2,
  has_vertex,
  rings_of,
  same,
  type Changes,
  type Ring,
  type Shape,
  type Xy,
  type ZoneProperties,
  type ZoneShape,
} from '../../core/edit/shape.ts';
import { snap, free, type Snap } from '../../core/edit/snap.ts';
import { MAP_STORE, plan_store, type EditStore } from '../../api/edits.ts';
import type { Kind } from '../../core/model.ts';
import { say_edit, say_edit_count, type EditCountKey, type EditKey } from '../../i18n/edit.ts';
import type { AppState } from '../app_state.svelte.ts';
import { session } from '../session.svelte.ts';
import { FileWork } from '../drop/file_state.svelte.ts';
import { Pen, type PenUse } from './pen.svelte.ts';
import { new_id, Saving } from './saving.svelte.ts';

export type Tool = 'select' | 'fill_gap' | PenUse;
export type Form = 'properties' | 'table' | 'split' | 'extend' | 'remove' | 'new_table';

export interface Figure {
  id: string;
  name: string;
  before_m2: number | null;
  after_m2: number | null;
}

/** The plan that is drawn in, in place of the map. */
export interface PlanDrawn {
  id: string;
  name: string;
}

export class Desk {
  readonly draft = new Draft();
  readonly pen = new Pen();
  readonly saving: Saving;
  /** A file that is looked at before it goes into the draft. */
  readonly file: FileWork;
  readonly app: AppState;
  readonly plan: PlanDrawn | null;
  readonly store: EditStore;
  /** Grows with every change of the draft or of the land below it. */
  n = $state(0);
  tool = $state<Tool>('select');
  form = $state<Form | null>(null);
  selection = $state.raw<readonly string[]>([]);
  together = $state(true);
  snaps = $state(true);
  /** The vertex in hand, and where it would go. */
  vertex = $state.raw<Xy | null>(null);
  /** What a drag would make of the land. */
  preview = $state.raw<Changes | null>(null);
  snapped = $state.raw<Snap | null>(null);
  /** The place that somebody asked to see. */
  issue_at = $state.raw<Xy | null>(null);
  /** Outline and holes of the zone that was drawn and is not in the draft yet. */
  drawn = $state.raw<readonly Ring[]>([]);
  restored = $state(false);
  /** Into which plan what is not saved is to be kept: an id, or empty for a new one. The new one is the same, however often it is tried. */
  readonly keeping = $state({ open: false, to: '', name: '', id: new_id('p') });
  /** What the server would not work out: it is in no step, and repairs of it come with it. */
  #refused: { deed: Deed; operations: readonly Operation[] } | null = null;
  #last_kind = '';

  readonly steps = $derived((void this.n, [...this.draft.steps]));
  readonly n_undone = $derived((void this.n, this.draft.undone.length));
  readonly n_stale = $derived((void this.n, this.draft.stale.size));
  readonly selected: readonly ZoneShape[] = $derived.by(() => {
    void this.n;
    return this.selection.map((id) => this.draft.ground.zone(id)).filter((zone) => zone !== null);
  });
  readonly figures: readonly Figure[] = $derived((void this.n, this.#figures()));
  readonly crossing: { zone: ZoneShape; at: Xy } | null = $derived((void this.n, this.#crossing()));

  /** What a zone can be. */
  get kinds(): readonly Kind[] {
    const { kinds } = session.facts;
    return this.app.known_kinds.filter((row) => kinds.length === 0 || kinds.includes(row.kind));
  }

  constructor(app: AppState, person: string, plan: PlanDrawn | null = null) {
    this.app = app;
    this.plan = plan;
    this.store = plan ? plan_store(plan.id) : MAP_STORE;
    this.file = new FileWork(this);
    const place = `farmzone.unsaved|${app.summary?.title.vi ?? ''}|${person}${plan ? `|${plan.id}` : ''}`;
    this.saving = new Saving(this.draft, this.store, place, () => (this.n += 1));
    this.restored = this.saving.restore();
  }

  say(key: EditKey, values?: Record<string, string | number>): string {
    return say_edit(this.app.lang, key, values);
  }

  say_count(key: EditCountKey, n: number): string {
    return say_edit_count(this.app.lang, key, n);
  }

  name(zone: ZoneShape | null): string {
    return zone?.properties.name || zone?.properties.code || this.say(zone?.revision === null ? 'new_zone' : 'unnamed');
  }

  tell(text: string): void {
    this.app.announcement = text;
  }

  // --- tools and selection

  take(tool: Tool): void {
    this.let_go();
    this.drawn = [];
    this.form = null;
    this.tool = tool;
    if (tool === 'select' || tool === 'fill_gap') this.pen.stop();
    else this.pen.begin(tool);
  }

  select(id: string | null, adds = false): void {
    this.let_go();
    if (id === null) {
      if (!adds) this.selection = [];
    } else if (!adds) this.selection = [id];
    else if (this.selection.includes(id)) this.selection = this.selection.filter((other) => other !== id);
    else this.selection = [...this.selection, id];
    this.form = null;
    const zone = id === null ? null : this.draft.ground.zone(id);
    if (zone) this.tell(this.name(zone));
  }

  open(form: Form): void {
    this.form = this.form === form ? null : form;
  }

  /** Puts down what is in hand, where it was. */
  let_go(): void {
    this.vertex = null;
    this.preview = null;
    this.snapped = null;
  }

  // --- the draft

  do(deed: Deed, operations: readonly Operation[], result: Changes | null = null): void {
    this.draft.do({ deed, operations, result });
    this.#refused = null;
    this.saving.forget_issues();
    this.saving.keep();
    this.let_go();
    this.n += 1;
    this.tell(this.say('done', { deed: this.say(`deed_${deed}`) }));
  }

  /** Has the server work the operations out; the draft holds them when it could. */
  async ask(deed: Deed, operations: readonly Operation[]): Promise<boolean> {
    const result = await this.saving.worked_out(operations);
    this.#refused = result === null ? { deed, operations } : null;
    if (result === null) return false;
    const made = [...result].filter(([id, zone]) => zone !== null && this.draft.ground.zone(id) === null);
    this.do(deed, operations, result);
    const kept = this.selection.filter((id) => this.draft.ground.zone(id) !== null);
    this.selection = [...kept, ...made.map(([id]) => id).filter((id) => !kept.includes(id))];
    this.form = null;
    return true;
  }

  /** Appends a repair to what was refused, and asks again what is wrong. */
  async repair(operations: readonly Operation[]): Promise<void> {
    this.issue_at = null;
    const refused = this.#refused;
    if (refused) await this.ask(refused.deed, [...refused.operations, ...operations]);
    else if (operations.some(needs_server)) await this.ask('repair', operations);
    else {
      this.do('repair', operations);
      await this.saving.check();
    }
  }

  async undo(): Promise<void> {
    if (this.saving.is_busy) return;
    if (this.pen.use && this.pen.back()) return;
    const deed = this.draft.steps.at(-1)?.deed;
    this.let_go();
    if (deed && this.draft.undo()) {
      this.saving.forget_issues();
      this.saving.keep();
      this.tell(this.say('undone', { deed: this.say(`deed_${deed}`) }));
    } else await this.saving.reverse('past', (reason) => this.say('undo_reason', { reason }));
    this.n += 1;
  }

  async redo(): Promise<void> {
    if (this.saving.is_busy) return;
    const deed = this.draft.undone.at(-1)?.deed;
    this.let_go();
    if (deed && this.draft.redo()) {
      this.saving.keep();
      this.tell(this.say('redone', { deed: this.say(`deed_${deed}`) }));
    } else await this.saving.reverse('future', (reason) => this.say('redo_reason', { reason }));
    this.n += 1;
  }

  // --- vertices

  move(from: Xy, to: Xy, first: readonly Operation[] = []): void {
    if (same(from, to) && first.length === 0) return this.let_go();
    const zones = this.#torn(from);
    this.do(first.length > 0 ? 'insert' : 'move', [
      ...first,
      ...(same(from, to) ? [] : [{ op: 'move' as const, moves: [{ from, to }], zones }]),
    ]);
    this.vertex = to;
  }

  /** What moving a vertex would make of the land. */
  moved(from: Xy, to: Xy, first: readonly Operation[]): Changes {
    const zones = this.together ? null : this.selection;
    return this.draft.tried([...first, { op: 'move', moves: [{ from, to }], zones }]);
  }

  insert(edge: readonly [Xy, Xy], at: Xy): Operation {
    return { op: 'insert', at, edge, zones: this.together ? null : this.#with_edge(edge) };
  }

  delete_vertex(at: Xy): void {
    this.do('delete', [{ op: 'delete', at, zones: this.#torn(at) }]);
  }

  #torn(at: Xy): readonly string[] | null {
    if (this.together) return null;
    return this.selected.filter((zone) => has_vertex(zone.polygons, at)).map((zone) => zone.id);
  }

  #with_edge([a, b]: readonly [Xy, Xy]): string[] {
    return this.selected
      .filter((zone) => has_vertex(zone.polygons, a) && has_vertex(zone.polygons, b))
      .map((zone) => zone.id);
  }

  snap(at: Xy, reach_m: number, without: Xy | null = null): Snap {
    if (!this.snaps) {
      const own = this.pen.placed[0]?.snap;
      return own && Math.hypot(own.at[0] - at[0], own.at[1] - at[1]) < reach_m ? own : free(at);
    }
    const own = this.pen.use ? this.pen.placed.map((placed) => placed.snap.at) : [];
    return snap(this.draft.ground, at, { reach_m, without, own });
  }

  // --- drawing

  place(at: Snap): void {
    if (this.pen.closes(at)) void this.finish();
    else this.pen.place(at, this.draft.ground);
  }

  /** Makes of the line what it was drawn for. */
  async finish(): Promise<void> {
    const { use, line } = this.pen;
    const id = this.selection[0];
    if (use === 'split') {
      if (line.length < 2 || id === undefined) return;
      if (await this.ask('split', [{ op: 'split', id, line }])) this.take('select');
      return;
    }
    if (use === null || use === 'measure') return;
    const ring = this.pen.ring(this.draft.ground, use === 'cut_out' ? [] : this.drawn);
    if (ring === null) return;
    if (use === 'cut_out') {
      if (id !== undefined && (await this.ask('cut_out', [{ op: 'cut_out', id, polygons: [[ring]] }])))
        this.take('select');
      return;
    }
    this.drawn = [...this.drawn, ring];
    this.pen.stop();
  }

  begin_hole(): void {
    this.tool = 'hole';
    this.pen.begin('hole');
  }

  /** The zone that was drawn goes into the draft. */
  add(kind: string, name: string, polygons: Shape): void {
    const id = new_id('z');
    const properties: Partial<ZoneProperties> = { kind, ...(name.trim() ? { name: name.trim() } : {}) };
    this.#last_kind = kind;
    this.do('draw', [{ op: 'put', id, polygons, properties }]);
    this.take('select');
    this.selection = [id];
  }

  get last_kind(): string {
    return this.#last_kind;
  }

  async fill_gap(at: Xy): Promise<void> {
    const into = this.selection[0];
    if (into !== undefined && (await this.ask('fill_gap', [{ op: 'fill_gap', at, into }]))) this.take('select');
  }

  /** What a file says of a zone is not taken. */
  async leave_out(id: string): Promise<void> {
    this.draft.leave_out(id);
    this.saving.forget_issues();
    this.saving.keep();
    this.selection = this.selection.filter((other) => this.draft.ground.zone(other) !== null);
    this.n += 1;
    if (this.steps.length > 0) await this.saving.check();
  }

  remove_selected(): void {
    this.do(
      'remove',
      this.selection.map((id) => ({ op: 'remove', id })),
    );
    this.selection = [];
    this.form = null;
  }

  drop(): void {
    this.saving.drop();
    this.let_go();
    this.selection = this.selection.filter((id) => this.draft.ground.zone(id) !== null);
  }

  // --- figures

  #figures(): Figure[] {
    const ids = [...this.draft.touched()];
    return ids.flatMap((id) => {
      const [before, after] = [this.draft.base(id), this.draft.ground.zone(id)];
      if (!before && !after) return [];
      const area = (zone: ZoneShape | null) => zone && area_m2(zone.polygons);
      return [{ id, name: this.name(after ?? before), before_m2: area(before), after_m2: area(after) }];
    });
  }

  #crossing(): { zone: ZoneShape; at: Xy } | null {
    for (const id of this.draft.touched()) {
      const zone = this.draft.ground.zone(id);
      const at = zone && zone !== this.draft.base(id) ? self_crossing(zone.polygons) : null;
      if (zone && at) return { zone, at };
    }
    return null;
  }

  /** The rings of a zone by number, for the table of vertices. */
  rings(zone: ZoneShape): Ring[] {
    return [...rings_of(zone.polygons)];
  }
}
