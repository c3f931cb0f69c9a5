// Plans as land that differs, for the map: what a plan changes, and in what two states of the map differ.
import { get_changes, get_zones } from '../../api/plans.ts';
import type { ChangedLand, PlanChanges } from '../../api/plans.ts';
import { box_of, type Shape, type Xy, type ZoneShape } from '../../core/edit/shape.ts';
import type { Bounds, LonLat } from '../../core/model.ts';
import type { DifferingZone, Land } from '../../map/difference_layer.ts';

/** The map as it is now, or a plan by its id. */
export type MapState = string;
export const MAP: MapState = 'map';

export type Against = Omit<PlanChanges, 'zones'>;

export interface Picture {
  zones: DifferingZone[];
  changes: ChangedLand[];
  /** What would stand against publishing `after` onto the map, where that is `before`. */
  against: Against;
}

export const NO_PICTURE: Picture = { zones: [], changes: [], against: { collisions: [], issues: [] } };

export class Pictures {
  readonly #unproject: (at: Xy) => LonLat;
  readonly #share: () => string | null;
  readonly #known = new Map<string, Promise<Picture>>();

  constructor(unproject: (at: Xy) => LonLat, share: () => string | null) {
    this.#unproject = unproject;
    this.#share = share;
  }

  /** Plans or the map have changed. */
  forget(): void {
    this.#known.clear();
  }

  /** From the one state to the other. */
  between(before: MapState, after: MapState): Promise<Picture> {
    const key = `${before}|${after}`;
    const known = this.#known.get(key);
    if (known) return known;
    const made = this.#made(before, after);
    this.#known.set(key, made);
    made.catch(() => this.#known.delete(key));
    return made;
  }

  async #made(before: MapState, after: MapState): Promise<Picture> {
    if (before === after) return NO_PICTURE;
    if (after === MAP) return turned(await this.between(MAP, before));
    const share = this.#share();
    const { zones: changes, ...against } = await get_changes(after, before === MAP ? null : before, share);
    const ids = changes.map(({ id }) => id);
    const [old, now] = await Promise.all([
      get_zones(before === MAP ? null : before, ids, share),
      get_zones(after, ids, share),
    ]);
    const lands = (zones: ZoneShape[]) => new Map(zones.map((zone) => [zone.id, this.#land(zone)]));
    const [was, is] = [lands(old), lands(now)];
    const zones = changes.map(({ id, land }) => ({
      id,
      before: was.get(id) ?? null,
      after: is.get(id) ?? null,
      differs: land,
    }));
    return { zones, changes, against };
  }

  /** Where it lies on the map. */
  bounds_of(shape: Shape): Bounds {
    const [west, south, east, north] = box_of(shape);
    return [...this.#unproject([west, south]), ...this.#unproject([east, north])];
  }

  #land({ properties, polygons }: ZoneShape): Land {
    return {
      kind: properties.kind,
      polygons: polygons.map((polygon) => polygon.map((ring) => ring.map((at) => this.#unproject(at)))),
    };
  }
}

/** The same, the other way. */
function turned({ zones, changes, against }: Picture): Picture {
  const other = { made: 'removed', removed: 'made', changed: 'changed' } as const;
  return {
    against,
    zones: zones.map((zone) => ({ ...zone, before: zone.after, after: zone.before })),
    changes: changes.map((of) => ({
      ...of,
      change: other[of.change],
      kind: of.change === 'changed' ? (of.kind_before ?? of.kind) : of.kind,
      kind_before: of.change === 'changed' ? of.kind : null,
      area_before_m2: of.area_after_m2,
      area_after_m2: of.area_before_m2,
      gained_m2: of.lost_m2,
      lost_m2: of.gained_m2,
    })),
  };
}
