// The line that is being drawn: points placed one by one, each with the border that was followed to it.
import { fault_of, type Fault } from '../../core/edit/checks.ts';
import type { Ground } from '../../core/edit/ground.ts';
import { area_m2, closed, length_m, same, type Ring, type Xy } from '../../core/edit/shape.ts';
import type { Snap } from '../../core/edit/snap.ts';
import { trace } from '../../core/edit/trace.ts';

export type PenUse = 'draw' | 'hole' | 'cut_out' | 'split' | 'measure';

interface Placed {
  snap: Snap;
  /** Vertices taken over from the border before it. */
  way: readonly Xy[];
}

export class Pen {
  use = $state<PenUse | null>(null);
  placed = $state.raw<readonly Placed[]>([]);
  hover = $state.raw<Snap | null>(null);
  /** Borders are followed. */
  follows = $state(true);
  other_way = $state(false);
  fault = $state<Fault | null>(null);

  readonly line: readonly Xy[] = $derived(this.placed.flatMap(({ snap, way }) => [...way, snap.at]));
  readonly is_area: boolean = $derived(this.use !== null && this.use !== 'split' && this.use !== 'measure');
  readonly length_m: number = $derived(length_m(this.line));
  readonly closed_m2: number | null = $derived(this.line.length < 3 ? null : area_m2([[closed(this.line)]]));

  begin(use: PenUse): void {
    this.stop();
    this.use = use;
  }

  stop(): void {
    this.use = null;
    this.clear();
  }

  clear(): void {
    this.placed = [];
    this.hover = null;
    this.other_way = false;
    this.fault = null;
  }

  /** What lies between the last point and a place, when borders are followed. */
  way_to(snap: Snap, ground: Ground): Xy[] {
    const last = this.placed.at(-1)?.snap;
    return last && this.follows && this.use !== 'split' ? trace(ground, last, snap, this.other_way) : [];
  }

  closes(snap: Snap): boolean {
    const first = this.placed[0]?.snap;
    return this.is_area && this.line.length >= 3 && first !== undefined && same(first.at, snap.at);
  }

  place(snap: Snap, ground: Ground): void {
    const last = this.placed.at(-1)?.snap;
    this.fault = null;
    // The second click of a double one.
    if (last && same(last.at, snap.at)) return;
    this.placed = [...this.placed, { snap, way: this.way_to(snap, ground) }];
    this.other_way = false;
  }

  back(): boolean {
    if (this.placed.length === 0) return false;
    this.placed = this.placed.slice(0, -1);
    this.fault = null;
    return true;
  }

  /** The closed ring, when it is one together with the rings it is to lie in. */
  ring(ground: Ground, within: readonly Ring[]): Ring | null {
    const first = this.placed[0]?.snap;
    const ring = closed(first ? [...this.line, ...this.way_to(first, ground)] : []);
    this.fault = fault_of([...within, ring])?.fault ?? null;
    return this.fault === null ? ring : null;
  }
}
