// What the pointer, a finger or the keys on the map mean for the desk. Works in metres; the map's pixels end here.
import type { Operation } from '../../core/edit/operation.ts';
import { edge_after, handle_at, handles, next_vertex, type Handle } from '../../core/edit/scene.ts';
import { middle, same, type Box, type Xy } from '../../core/edit/shape.ts';
import type { LonLat } from '../../core/model.ts';
import type { EditLayer, EditListener, Pointer } from '../../map/edit_layer.ts';
import type { Desk } from './desk_state.svelte.ts';

const STEP_PX = 10;
const KEY_REACH_PX = 14;
/** The crosshair comes no nearer to the window's edge. */
const EDGE_PX = 40;

interface Held {
  from: Xy;
  /** What puts the vertex there that is in hand, where it is a new one. */
  first: Operation[];
}

/** How a window's covered parts leave room, in pixels. */
export interface Insets {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

export class Hand implements EditListener {
  /** Where keys work, in metres; null until one is pressed. */
  cross = $state.raw<Xy | null>(null);
  /** Grows when the map has moved below the crosshair. */
  n_moves = $state(0);
  over_handle = $state(false);
  layer: EditLayer | null = null;
  readonly #desk: Desk;
  readonly #project: (at: LonLat) => Xy;
  readonly #unproject: (at: Xy) => LonLat;
  readonly #insets: () => Insets;
  readonly #rested: () => void;
  #held: Held | null = null;
  #held_exactly = false;
  #tab_leaves = false;

  constructor(
    desk: Desk,
    project: (at: LonLat) => Xy,
    unproject: (at: Xy) => LonLat,
    insets: () => Insets,
    rested: () => void,
  ) {
    this.#desk = desk;
    this.#project = project;
    this.#unproject = unproject;
    this.#insets = insets;
    this.#rested = rested;
  }

  // --- where things are

  metres_per_px(): number {
    if (!this.layer) return 1;
    const [a, b] = [this.#project(this.layer.unproject(400, 300)), this.#project(this.layer.unproject(500, 300))];
    return Math.hypot(a[0] - b[0], a[1] - b[1]) / 100;
  }

  /** A box of metres that holds what is in view. */
  view(): Box {
    if (!this.layer) return [0, 0, 0, 0];
    const [west, south, east, north] = this.layer.bounds();
    const all = [
      this.#project([west, south]),
      this.#project([east, south]),
      this.#project([west, north]),
      this.#project([east, north]),
    ];
    const [xs, ys] = [all.map(([x]) => x), all.map(([, y]) => y)];
    return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  }

  /** Where they are; while a vertex is on its way, where they would be. */
  handles(): Handle[] {
    const { tool, selected, preview } = this.#desk;
    if (tool !== 'select') return [];
    const shown = preview ? selected.map((zone) => preview.get(zone.id) ?? zone) : selected;
    return handles(shown, this.view(), this.metres_per_px());
  }

  pixel_of(at: Xy): { x: number; y: number } {
    return this.layer?.project(this.#unproject(at)) ?? { x: 0, y: 0 };
  }

  // --- pointer

  pressed(pointer: Pointer): boolean {
    this.cross = null;
    this.#clicked_handle = false;
    if (this.#desk.tool !== 'select' || this.#desk.saving.is_busy || this.#desk.file.status !== 'closed') return false;
    const at = this.#project(pointer.at);
    const handle = handle_at(this.handles(), at, pointer.reach_px * this.metres_per_px());
    if (handle) this.#take(handle);
    return handle !== null;
  }

  #take({ at, edge }: Handle): void {
    this.#held = { from: at, first: edge ? [this.#desk.insert(edge, at)] : [] };
    this.#desk.vertex = at;
  }

  dragged(pointer: Pointer): void {
    timed(() => this.#lead(this.#project(pointer.at), pointer.reach_px * this.metres_per_px()));
  }

  /** The vertex in hand follows; neighbours do where borders are shared. */
  #lead(to: Xy, reach_m: number): void {
    const held = this.#held;
    if (!held) return;
    const desk = this.#desk;
    const goal = desk.snap(to, reach_m, held.from);
    desk.snapped = goal;
    desk.vertex = goal.at;
    desk.preview = desk.moved(held.from, goal.at, held.first);
  }

  released(_pointer: Pointer, has_moved: boolean): void {
    const held = this.#held;
    this.#held = null;
    if (!held) return;
    const to = this.#desk.vertex ?? held.from;
    if (has_moved) this.#desk.move(held.from, to, held.first);
    // A click on a vertex chooses it; one on the middle of an edge adds a vertex there.
    else if (held.first.length > 0) this.#desk.move(held.from, held.from, held.first);
    else this.#desk.vertex = held.from;
    this.#clicked_handle = true;
  }

  /** A press on a handle ends with a click too. */
  #clicked_handle = false;

  hovered(pointer: Pointer | null): void {
    if (pointer === null) {
      if (this.#desk.pen.use) this.#desk.pen.hover = null;
      return;
    }
    timed(() => {
      const at = this.#project(pointer.at);
      const reach_m = pointer.reach_px * this.metres_per_px();
      if (this.#desk.pen.use) this.#desk.pen.hover = this.#desk.snap(at, reach_m);
      else if (this.#desk.tool === 'select') this.over_handle = handle_at(this.handles(), at, reach_m) !== null;
    });
  }

  clicked(pointer: Pointer): void {
    if (this.#clicked_handle) {
      this.#clicked_handle = false;
      return;
    }
    this.#act(this.#project(pointer.at), pointer.reach_px, pointer.adds);
  }

  #act(at: Xy, reach_px: number, adds: boolean): void {
    const desk = this.#desk;
    if (desk.file.status !== 'closed') return desk.file.select_at(at);
    if (desk.saving.is_busy || (desk.drawn.length > 0 && !desk.pen.use)) return;
    if (desk.pen.use) desk.place(desk.snap(at, reach_px * this.metres_per_px()));
    else if (desk.tool === 'fill_gap') void desk.fill_gap(at);
    else desk.select(desk.draft.ground.under(at)?.id ?? null, adds);
  }

  twice(): void {
    if (this.#desk.pen.use) void this.#desk.finish();
  }

  settled(): void {
    this.n_moves += 1;
    this.#rested();
  }

  // --- keys

  key(event: KeyboardEvent): boolean {
    const desk = this.#desk;
    const command = event.ctrlKey || event.metaKey;
    if (command && !event.altKey && /^[zy]$/i.test(event.key)) {
      void (event.key.toLowerCase() === 'y' || event.shiftKey ? desk.redo() : desk.undo());
      return true;
    }
    if (command || event.altKey) return false;
    // Escape, then Tab: the focus leaves the map, however many vertices there are.
    if (event.key === 'Tab' && this.#tab_leaves) return false;
    if (event.key !== 'Shift') this.#tab_leaves = false;
    const way = ARROWS[event.key];
    if (way) this.#go(way, event.shiftKey);
    else if (event.key === '+' || event.key === '=') this.layer?.zoom_by(1);
    else if (event.key === '-') this.layer?.zoom_by(-1);
    else if (event.key === 'Enter') this.#enter(event.shiftKey);
    else if (event.key === 'Escape') return this.#leave();
    else if (event.key === 'Tab') return this.step_vertex(event.shiftKey ? -1 : 1);
    else if (event.key === 'Backspace' && desk.pen.use) desk.pen.back();
    else if ((event.key === 'Delete' || event.key === 'Backspace') && this.#held) this.delete_held();
    else if (event.key === 'Insert' && this.#held) this.insert_after_held();
    else return false;
    return true;
  }

  #go([right, up]: readonly [number, number], exactly: boolean): void {
    if (!this.layer) return;
    const from = this.#held ? (this.#desk.vertex ?? this.#held.from) : (this.cross ?? this.#middle());
    const px = this.pixel_of(from);
    const step_px = this.#held ? 1 : STEP_PX;
    const to: Xy = exactly
      ? [from[0] + right, from[1] + up]
      : this.#project(this.layer.unproject(px.x + right * step_px, px.y - up * step_px));
    this.cross = to;
    if (this.#held) {
      this.#held_exactly = true;
      this.#lead(to, 0);
    } else if (this.#desk.pen.use) {
      const reach_m = exactly ? 0 : KEY_REACH_PX * this.metres_per_px();
      this.#desk.pen.hover = this.#desk.snap(to, reach_m);
    }
    this.#keep_in_view(to);
  }

  #middle(): Xy {
    const { left, right, top, bottom } = this.#insets();
    const { clientWidth, clientHeight } = document.documentElement;
    const [x, y] = [(left + clientWidth - right) / 2, (top + clientHeight - bottom) / 2];
    return this.#project(this.layer?.unproject(x, y) ?? [0, 0]);
  }

  #keep_in_view(at: Xy): void {
    const { x, y } = this.pixel_of(at);
    const { left, right, top, bottom } = this.#insets();
    const { clientWidth, clientHeight } = document.documentElement;
    const over = (value: number, least: number, most: number) => Math.min(0, value - least) + Math.max(0, value - most);
    const by_x = over(x, left + EDGE_PX, clientWidth - right - EDGE_PX);
    const by_y = over(y, top + EDGE_PX, clientHeight - bottom - EDGE_PX);
    if (by_x !== 0 || by_y !== 0) this.layer?.pan_by(by_x, by_y);
  }

  #enter(adds: boolean): void {
    const desk = this.#desk;
    if (desk.saving.is_busy) return;
    if (this.#held) return this.place_held();
    const at = (this.cross ??= this.#middle());
    if (desk.pen.use) {
      const goal = desk.pen.hover ?? desk.snap(at, KEY_REACH_PX * this.metres_per_px());
      const last = desk.pen.placed.at(-1)?.snap;
      // Twice at one place ends the line.
      if (last && same(last.at, goal.at)) void desk.finish();
      else {
        desk.place(goal);
        desk.tell(desk.say_count('points', desk.pen.placed.length));
      }
      return;
    }
    const handle = handle_at(this.handles(), at, KEY_REACH_PX * this.metres_per_px());
    if (handle && !adds) this.#hold(handle);
    else this.#act(at, KEY_REACH_PX, adds);
  }

  #hold(handle: Handle): void {
    this.#take(handle);
    this.#held_exactly = false;
    this.cross = handle.at;
    this.#tell_held();
  }

  #tell_held(): void {
    const all = this.#desk.selected.flatMap((zone) => [...this.#desk.rings(zone)].flatMap((ring) => ring.slice(0, -1)));
    const i = all.findIndex((vertex) => this.#held && same(vertex, this.#held.from));
    if (i >= 0) this.#desk.tell(this.#desk.say('vertex_held', { i: i + 1, n: all.length }));
  }

  #leave(): boolean {
    const desk = this.#desk;
    if (this.#held) {
      this.#held = null;
      this.#tab_leaves = true;
      desk.let_go();
    } else if (desk.pen.use || desk.tool !== 'select') desk.take('select');
    else if (desk.vertex) desk.let_go();
    else if (this.cross) this.cross = null;
    else if (desk.selection.length > 0) desk.select(null);
    else return false;
    return true;
  }

  // --- the vertex in hand, also by buttons

  place_held(): void {
    const held = this.#held;
    this.#held = null;
    if (!held) return;
    this.#desk.move(held.from, this.#held_exactly ? (this.#desk.vertex ?? held.from) : held.from, held.first);
  }

  /** Takes the next vertex in hand; false where there is none, so that the focus goes on. */
  step_vertex(by: 1 | -1): boolean {
    const { selected, tool, vertex } = this.#desk;
    if (tool !== 'select' || selected.length === 0) return false;
    const from = this.#held?.from ?? vertex;
    const at = next_vertex(selected, from, by);
    if (from) this.#desk.let_go();
    this.#held = null;
    if (!at) return false;
    this.#hold({ at, edge: null });
    this.#keep_in_view(at);
    return true;
  }

  delete_held(): void {
    const at = this.#held?.from ?? this.#desk.vertex;
    this.#held = null;
    if (at) this.#desk.delete_vertex(at);
  }

  insert_after_held(): void {
    const at = this.#held?.from ?? this.#desk.vertex;
    const edge = at && edge_after(this.#desk.selected, at);
    if (!edge) return;
    const half = middle(...edge);
    this.#held = null;
    this.#desk.move(half, half, [this.#desk.insert(edge, half)]);
    this.#hold({ at: half, edge: null });
  }

  get is_holding(): boolean {
    return this.#held !== null;
  }
}

/** What the browser's tools show as `farmzone:pointer`: our own script for one move of the pointer. */
function timed(move: () => void): void {
  const start = performance.now();
  move();
  // Svelte's effects run later, but within the same turn: they are ours too.
  queueMicrotask(() => {
    performance.measure('farmzone:pointer', { start });
    n_timed += 1;
    if (n_timed % MOST_TIMED === 0) performance.clearMeasures('farmzone:pointer');
  });
}

/** The browser keeps every measure until it is told not to. */
const MOST_TIMED = 5_000;
let n_timed = 0;

const ARROWS: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};
