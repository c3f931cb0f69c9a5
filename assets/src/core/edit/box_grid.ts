// Which boxes lie near a place: a hash of square cells. Putting and taking one costs as many steps as it covers cells,
// asking as many as there are cells in question; nothing is ever sorted or rebuilt while somebody draws.
import { meets, type Box } from './shape.ts';

const CELL_M = 256;
/** A box over more cells than this is looked at in every question instead. */
const MOST_CELLS = 1024;

export class BoxGrid {
  readonly #cells = new Map<string, Set<string>>();
  readonly #boxes = new Map<string, Box>();
  readonly #large = new Set<string>();

  put(id: string, box: Box): void {
    this.take(id);
    this.#boxes.set(id, box);
    const cells = cells_of(box);
    if (cells === null) this.#large.add(id);
    else
      for (const cell of cells) {
        const there = this.#cells.get(cell);
        if (there) there.add(id);
        else this.#cells.set(cell, new Set([id]));
      }
  }

  take(id: string): void {
    const box = this.#boxes.get(id);
    if (!box) return;
    this.#boxes.delete(id);
    if (this.#large.delete(id)) return;
    for (const cell of cells_of(box) ?? []) {
      const there = this.#cells.get(cell);
      there?.delete(id);
      if (there?.size === 0) this.#cells.delete(cell);
    }
  }

  box(id: string): Box | null {
    return this.#boxes.get(id) ?? null;
  }

  /** Ids whose boxes meet `box`, in no order. */
  near(box: Box): Set<string> {
    const found = new Set<string>();
    const look = (id: string) => {
      const its = this.#boxes.get(id);
      if (its && meets(its, box)) found.add(id);
    };
    const cells = cells_of(box);
    if (cells === null) for (const id of this.#boxes.keys()) look(id);
    else {
      for (const cell of cells) this.#cells.get(cell)?.forEach(look);
      this.#large.forEach(look);
    }
    return found;
  }
}

function cells_of([west, south, east, north]: Box): string[] | null {
  const [left, low] = [Math.floor(west / CELL_M), Math.floor(south / CELL_M)];
  const [right, high] = [Math.floor(east / CELL_M), Math.floor(north / CELL_M)];
  if (!((right - left + 1) * (high - low + 1) <= MOST_CELLS)) return null;
  const cells: string[] = [];
  for (let x = left; x <= right; x += 1) for (let y = low; y <= high; y += 1) cells.push(`${x} ${y}`);
  return cells;
}
