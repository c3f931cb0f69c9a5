// The zones that the editor holds, as they stand after what the planner has done so far, and which lie where.
import { BoxGrid } from './box_grid.ts';
import type { Land } from './operation.ts';
import {
  box_around,
  box_of,
  has_vertex,
  holds,
  area_m2,
  type Box,
  type Changes,
  type Xy,
  type ZoneShape,
} from './shape.ts';

export class Ground implements Land {
  readonly #zones = new Map<string, ZoneShape>();
  readonly #grid = new BoxGrid();

  zone(id: string): ZoneShape | null {
    return this.#zones.get(id) ?? null;
  }

  zones(): Iterable<ZoneShape> {
    return this.#zones.values();
  }

  get n_zones(): number {
    return this.#zones.size;
  }

  near(box: Box): ZoneShape[] {
    return [...this.#grid.near(box)].map((id) => this.#zones.get(id)).filter((zone) => zone !== undefined);
  }

  at(place: Xy): ZoneShape[] {
    return this.near(box_around(place, 0));
  }

  box(id: string): Box | null {
    return this.#grid.box(id);
  }

  /** Zones with a vertex of these very bits. */
  sharing(vertex: Xy): ZoneShape[] {
    return this.at(vertex).filter((zone) => has_vertex(zone.polygons, vertex));
  }

  /** The zone under a place; the smallest, where faulty data has several. */
  under(place: Xy): ZoneShape | null {
    const found = this.at(place).filter((zone) => holds(zone.polygons, place));
    return found.sort((a, b) => area_m2(a.polygons) - area_m2(b.polygons))[0] ?? null;
  }

  /** Makes the changes; the answer undoes them. */
  change(changes: Changes): Changes {
    const before = new Map<string, ZoneShape | null>();
    for (const [id, zone] of changes) {
      before.set(id, this.zone(id));
      if (zone === null) {
        this.#zones.delete(id);
        this.#grid.take(id);
      } else {
        this.#zones.set(id, zone);
        this.#grid.put(id, box_of(zone.polygons));
      }
    }
    return before;
  }
}
