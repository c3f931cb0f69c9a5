// What the cards of the page of figures share: the words, where the figures come from, and what is announced.
import { createContext } from 'svelte';
import { filter_text } from '../../api/figures_page.ts';
import type { EventFilterName } from '../../core/figures_page/scope.ts';
import { unheeded } from '../../core/figures_page/scope.ts';
import { shown, type Measure, type Provenance } from '../../core/figures_page/table.ts';
import { format_date } from '../../core/numbers.ts';
import { filled } from '../../i18n/index.ts';
import { FIGURES_WORDS, type FiguresKey } from '../../i18n/figures_page.ts';
import type { AppState } from '../app_state.svelte.ts';

export const [use_page, provide_page] = createContext<PageState>();

/** Of which epoch and revision an answer is. */
export interface Answered {
  epoch: string | null;
  revision: number;
}

export class PageState {
  announcement = $state('');
  readonly app: AppState;
  constructor(app: AppState) {
    this.app = app;
  }

  say(key: FiguresKey, values: Record<string, string | number> = {}): string {
    return filled(FIGURES_WORDS[this.app.lang][key], this.app.lang, values);
  }

  shown(value: number | string | null, of: Measure): string {
    return shown(value, of, this.app.lang);
  }

  list(names: readonly string[]): string {
    return new Intl.ListFormat(this.app.lang, { type: 'unit', style: 'long' }).format(names);
  }

  /** What the zones are called, and the land use that they are set against. */
  #sources(epoch: string | null): string {
    const layers = this.app.sources.filter(
      ({ role, epoch: of }) => role === 'zones' || (role === 'landuse' && of === epoch),
    );
    const sources = layers.flatMap(({ source }) => source ?? []);
    return sources.filter((source, i) => sources.indexOf(source) === i).join('; ');
  }

  provenance({ epoch, revision }: Answered): Provenance {
    const { summary } = this.app;
    return {
      epoch,
      revision,
      date: summary?.data_date ?? null,
      source: this.#sources(epoch),
      filter: filter_text(this.app.filter),
      simulated: summary?.simulated ?? false,
    };
  }

  /** Epoch, date, revision, source, and whether they are simulated, in one line. */
  said_of(answered: Answered): string {
    const { epoch, revision, date, source, simulated } = this.provenance(answered);
    const { unit, kinds } = this.app.view;
    return [
      unit === null ? null : this.app.unit_name(unit),
      kinds.length === 0 ? null : this.list(kinds.map((kind) => this.app.kind_name(kind))),
      this.app.n_event_filters === 0 ? null : this.say('of_filters', { n: this.app.n_event_filters }),
      epoch === null ? this.say('no_epoch') : this.say('of_epoch', { epoch }),
      date === null ? null : this.say('of_date', { date: format_date(date, this.app.lang) }),
      this.say('of_revision', { revision: String(revision) }),
      source === '' ? this.say('no_source') : this.say('of_source', { source }),
      simulated ? this.say('simulated') : null,
    ]
      .filter((part) => part !== null)
      .join(' · ');
  }

  /** What a card says of the filters that it does not follow; null when it follows all that are set. */
  unheeded(followed: readonly EventFilterName[]): string | null {
    const names = unheeded(this.app.event_filter, followed);
    return names.length === 0
      ? null
      : this.say('unheeded', { filters: this.list(names.map((name) => this.say(`filter_${name}`))) });
  }
}
