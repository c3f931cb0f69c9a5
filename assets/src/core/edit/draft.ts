// What a planner has done and not saved: steps, each of one or more operations, on top of the zones as the server has
// them. Undoing is taking the last step away; news from the server go below the steps, never over them.
import { changes_of, named_by, type Operation } from './operation.ts';
import { Ground } from './ground.ts';
import { box_of, meets, type Box, type Changes, type ZoneShape } from './shape.ts';

export type Deed =
  | 'draw'
  | 'move'
  | 'insert'
  | 'delete'
  | 'table'
  | 'properties'
  | 'split'
  | 'split_areas'
  | 'merge'
  | 'cut_out'
  | 'fill_gap'
  | 'extend'
  | 'remove'
  | 'file'
  | 'repair';

export interface Step {
  deed: Deed;
  operations: readonly Operation[];
  /** What the server worked out; null where the operations say it themselves. */
  result: Changes | null;
}

/** What is kept when the page is closed. */
export interface Unsaved {
  steps: readonly Step[];
  undone: readonly Step[];
  /** The zones below the steps, as the server had them. */
  base: readonly ZoneShape[];
}

export class Draft {
  readonly ground = new Ground();
  readonly #base = new Map<string, ZoneShape>();
  #steps: Step[] = [];
  #undone: Step[] = [];
  #before: Changes[] = [];
  /** Zones that somebody else changed below our steps; null is gone. */
  readonly #stale = new Map<string, ZoneShape | null>();

  get steps(): readonly Step[] {
    return this.#steps;
  }

  get undone(): readonly Step[] {
    return this.#undone;
  }

  get stale(): ReadonlyMap<string, ZoneShape | null> {
    return this.#stale;
  }

  base(id: string): ZoneShape | null {
    return this.#base.get(id) ?? null;
  }

  /** In the order in which the server is to carry them out. */
  operations(): Operation[] {
    return this.#steps.flatMap((step) => step.operations);
  }

  do(step: Step): void {
    this.#undone = [];
    this.#carry_out(step);
  }

  undo(): boolean {
    const step = this.#steps.pop();
    const before = this.#before.pop();
    if (!step || !before) return false;
    this.ground.change(before);
    this.#undone.push(step);
    return true;
  }

  redo(): boolean {
    const step = this.#undone.pop();
    if (!step) return false;
    this.#carry_out(step);
    return true;
  }

  #carry_out(step: Step): void {
    const before = new Map<string, ZoneShape | null>();
    const change = (changes: Changes) => {
      for (const [id, zone] of this.ground.change(changes)) if (!before.has(id)) before.set(id, zone);
    };
    if (step.result) change(step.result);
    else for (const operation of step.operations) change(changes_of(operation, this.ground));
    this.#steps.push(step);
    this.#before.push(before);
  }

  /** What operations would make of the land, which stays as it is. */
  tried(operations: readonly Operation[]): Changes {
    const before: Changes[] = [];
    const changes = new Map<string, ZoneShape | null>();
    for (const operation of operations) {
      const step = changes_of(operation, this.ground);
      for (const [id, zone] of step) changes.set(id, zone);
      before.push(this.ground.change(step));
    }
    for (const change of before.reverse()) this.ground.change(change);
    return changes;
  }

  /** The server's answer to all steps: what they touch and it does not name is as it was, or never came to be. */
  whole(answer: Changes): Changes {
    const all = new Map(answer);
    for (const id of this.touched()) if (!all.has(id)) all.set(id, this.base(id));
    return all;
  }

  /** Those of the changes that the land does not have already. */
  differing(changes: Changes): Changes {
    const looks = (zone: ZoneShape | null) => zone && JSON.stringify([zone.polygons, sorted(zone.properties)]);
    return new Map([...changes].filter(([id, zone]) => looks(zone) !== looks(this.ground.zone(id))));
  }

  /** Ids of zones that came, changed or went by the steps. */
  touched(): Set<string> {
    return new Set([...this.#before.flatMap((before) => [...before.keys()]), ...this.operations().flatMap(named_by)]);
  }

  /** The revision of every zone of the server that the steps touch, or further operations name. */
  base_revisions(further: readonly Operation[] = []): Record<string, number> {
    const ids = new Set([...this.touched(), ...further.flatMap(named_by)]);
    const known = [...ids].map((id) => [id, this.#base.get(id)?.revision ?? null] as const);
    return Object.fromEntries(known.filter((entry): entry is [string, number] => entry[1] !== null));
  }

  /** Zones as the server has them now. `whole` is a box of which nothing is missing: what is not there is gone. */
  fetched(zones: readonly ZoneShape[], whole: Box | null): void {
    const touched = this.touched();
    const news = new Map<string, ZoneShape | null>();
    for (const zone of zones) {
      const known = this.#base.get(zone.id);
      if (known?.revision === zone.revision) continue;
      if (known && touched.has(zone.id)) this.#stale.set(zone.id, zone);
      else news.set(zone.id, zone);
    }
    if (whole) {
      const there = new Set(zones.map((zone) => zone.id));
      for (const [id, zone] of this.#base) {
        if (there.has(id) || !meets(box_of(zone.polygons), whole) || !has_corner_in(zone, whole)) continue;
        if (touched.has(id)) this.#stale.set(id, null);
        else news.set(id, null);
      }
    }
    if (news.size > 0) this.#lay_below(news);
  }

  /** Puts the server's zones below the steps, whatever was there. */
  rebase(zones: readonly ZoneShape[], missing: readonly string[]): void {
    const news = new Map<string, ZoneShape | null>(zones.map((zone) => [zone.id, zone]));
    for (const id of missing) news.set(id, null);
    for (const id of news.keys()) this.#stale.delete(id);
    this.#lay_below(news);
  }

  /** Takes away the steps that concern any of these zones; how many those were. */
  give_up(ids: readonly string[]): number {
    const kept = this.#steps.filter((step, i) => {
      const touched = [...(this.#before[i]?.keys() ?? []), ...step.operations.flatMap(named_by)];
      return !touched.some((id) => ids.includes(id));
    });
    const n_given_up = this.#steps.length - kept.length;
    this.#take_back();
    this.#undone = [];
    for (const step of kept) this.#carry_out(step);
    for (const id of ids) this.#stale.delete(id);
    return n_given_up;
  }

  /** Takes what a file made of a zone out of its step, and the other steps that concern that zone. */
  leave_out(id: string): void {
    const steps = this.#take_back();
    this.#undone = [];
    for (const step of steps) {
      const rest = step.operations.filter((operation) => !named_by(operation).includes(id));
      if (rest.length === step.operations.length && !step.result?.has(id)) this.#carry_out(step);
      else if (step.deed === 'file' && rest.length > 0) this.#carry_out({ ...step, operations: rest });
    }
  }

  /** Whether a zone is as a file has it. */
  is_of_file(id: string): boolean {
    return this.#steps.some(
      ({ deed, operations }) => deed === 'file' && operations.some((o) => named_by(o).includes(id)),
    );
  }

  /** After saving: the ground stays as it is, and is now the server's. */
  saved(zones: readonly ZoneShape[], removed: readonly string[]): void {
    this.#take_back();
    this.#undone = [];
    this.#stale.clear();
    this.rebase(zones, removed);
  }

  drop_all(): void {
    this.#take_back();
    this.#undone = [];
    for (const [id, zone] of this.#stale) this.rebase(zone ? [zone] : [], zone ? [] : [id]);
    this.#stale.clear();
  }

  unsaved(): Unsaved {
    const base = [...this.touched()].map((id) => this.#base.get(id)).filter((zone) => zone !== undefined);
    return { steps: this.#steps, undone: this.#undone, base };
  }

  restore({ steps, undone, base }: Unsaved): void {
    this.rebase(base, []);
    for (const step of steps) this.#carry_out(step);
    this.#undone = [...undone];
  }

  /** A step with what the server says now. */
  worked_out(index: number, result: Changes): void {
    const steps = this.#take_back();
    steps.forEach((step, i) => this.#carry_out(i === index ? { ...step, result } : step));
  }

  #take_back(): Step[] {
    for (const before of this.#before.reverse()) this.ground.change(before);
    const steps = this.#steps;
    [this.#steps, this.#before] = [[], []];
    return steps;
  }

  #lay_below(news: Changes): void {
    const steps = this.#take_back();
    for (const [id, zone] of news) {
      if (zone) this.#base.set(id, zone);
      else this.#base.delete(id);
    }
    this.ground.change(news);
    for (const step of steps) this.#carry_out(step);
  }
}

/** Touching a box by its own box only is no reason to be in the server's answer. */
function has_corner_in(zone: ZoneShape, [west, south, east, north]: Box): boolean {
  return zone.polygons.some((polygon) =>
    polygon.some((ring) => ring.some(([x, y]) => x > west && x < east && y > south && y < north)),
  );
}

const sorted = (properties: object) => Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1));
