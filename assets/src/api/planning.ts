// Figures for planning.
import type { Filter } from '../core/model.ts';
import type { Planning } from '../core/planning.ts';
import { address, get_json } from './client.ts';

export type PlanningBy = 'kind' | 'unit';

/** More rows than a city has kinds or communes. */
const ALL = 1000;

export function get_planning(
  filter: Filter,
  by: PlanningBy,
  core_m: number | null,
  signal?: AbortSignal,
): Promise<Planning> {
  const query = { by, kind: filter.kinds.join(','), unit: filter.unit, epoch: filter.epoch, core: core_m };
  // Asked as everybody asks, the answer is at hand already.
  return get_json(address('/api/v1/figures', by === 'kind' ? query : { ...query, limit: ALL }), signal);
}
