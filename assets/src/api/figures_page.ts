// What the page of figures asks for besides summary, transitions and figures for planning.
import { event_query } from '../core/event_filter.ts';
import type { SupplyAnswer, UnitsAnswer } from '../core/figures_page/answers.ts';
import type { Filter } from '../core/model.ts';
import { address, get_json } from './client.ts';
import { filter_query } from './farmzone.ts';

/** All communes, with the zones and events that the filter takes, whatever commune it names. */
export function get_unit_figures(filter: Filter, signal?: AbortSignal): Promise<UnitsAnswer> {
  return get_json(address('/api/v1/units', { ...filter_query(filter), unit: null, ...event_query(filter) }), signal);
}

/** The filter as parameters, for who wants to ask the same again; the epoch stands by itself. */
export const filter_text = (filter: Filter): string =>
  address('', { ...filter_query(filter), epoch: null, ...event_query(filter) }).slice(1);

export const get_supply = (filter: Filter, signal?: AbortSignal): Promise<SupplyAnswer> =>
  get_json(address('/api/v1/supply', filter_query(filter)), signal);
