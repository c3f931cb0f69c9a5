// What is being checked, how, and what came of it: one code or place as cards, many as a table.
import { ApiError, was_aborted } from '../../api/client.ts';
import {
  check_codes,
  check_file,
  check_place,
  MOST_CHECK_BYTES,
  type CheckAsk,
  type Checked,
} from '../../api/codes.ts';
import { circle, type CodeVerdict, type Geometry } from '../../core/officer/codes.ts';
import type { LonLat } from '../../core/model.ts';
import { say_codes, type CodesKey } from '../../i18n/codes.ts';
import type { Drawn } from '../../map/evidence_layer.ts';
import type { AppState } from '../app_state.svelte.ts';

export type Part = 'one' | 'many' | 'place' | 'qr';
export const PARTS: readonly Part[] = ['one', 'many', 'place', 'qr'];

export interface Place {
  at: LonLat;
  accuracy_m: number | null;
}

/** Many codes that were checked, with what they were taken from. */
export interface Batch {
  of: readonly string[] | File;
  date: string;
  /** Of all; `results` are the first. */
  n: number;
  by_verdict: Checked['by_verdict'];
  results: readonly CodeVerdict[];
}

export class CheckState {
  readonly app: AppState;
  part = $state<Part>('one');
  ask = $state<CheckAsk>({ market: '', date: '', shipped_t: null });
  typed = $state('');
  pasted = $state('');
  place = $state.raw<Place | null>(null);
  /** Of one code or of a place; null while nothing was asked. */
  checked = $state.raw<Checked | null>(null);
  batch = $state.raw<Batch | null>(null);
  /** The row of the table whose card is open. */
  from_table = $state(false);
  busy = $state<'checking' | 'sending' | null>(null);
  share = $state(0);
  sending = $state('');
  trouble = $state<string | null>(null);
  #request: AbortController | null = null;

  constructor(app: AppState) {
    this.app = app;
  }

  readonly say = (key: CodesKey, values?: Record<string, string | number>): string =>
    say_codes(this.app.lang, key, values);

  /** Tonnes are of one code: of many, or of a place, they are not asked. */
  get ask_of_many(): CheckAsk {
    return { ...this.ask, shipped_t: null };
  }

  choose(part: Part): void {
    this.stop();
    this.part = part;
    this.trouble = null;
    this.from_table = false;
    if (part === 'place') this.checked = null;
    else if (this.place) [this.place, this.checked] = [null, null];
  }

  stop(): void {
    this.#request?.abort();
    this.busy = null;
  }

  /** Checks one code; null when another question came in between. */
  async one(code: string, from_table = false): Promise<void> {
    const asked = code.trim();
    if (asked === '') return;
    this.choose('one');
    this.typed = asked;
    this.from_table = from_table;
    this.app.adjust({ check: asked.slice(0, 100) });
    await this.#ask(
      (signal) => check_codes([asked], { ...this.ask }, signal),
      (answer) => {
        this.checked = answer;
        this.#tell(answer.results);
      },
    );
  }

  async at(place: Place): Promise<void> {
    if (this.part !== 'place') this.choose('place');
    this.place = place;
    this.app.adjust({ check: '' });
    await this.#ask(
      (signal) => check_place(place.at, place.accuracy_m, this.ask_of_many, signal),
      (answer) => {
        this.checked = answer;
        if (answer.results.length > 0) this.#tell(answer.results);
        else this.app.announcement = this.say('place_none');
      },
    );
  }

  async many(codes: readonly string[]): Promise<void> {
    await this.#ask(
      (signal) => check_codes(codes, this.ask_of_many, signal),
      (answer) => this.#tabled(codes, answer),
    );
  }

  async file(files: readonly File[]): Promise<void> {
    const [file] = files;
    if (!file) return;
    if (this.part !== 'many') this.choose('many');
    this.trouble = null;
    if (files.length > 1) this.trouble = this.say('one_file');
    else if (file.size > MOST_CHECK_BYTES) this.trouble = this.say('too_large');
    if (this.trouble !== null) return;
    [this.share, this.sending] = [0, file.name];
    await this.#ask(
      async (signal) => {
        this.busy = 'sending';
        const sent = await check_file(file, this.ask_of_many, (share) => (this.share = share), signal);
        if (sent.status === 'done') return sent.answer;
        if (sent.status === 'aborted') throw new DOMException('stopped', 'AbortError');
        if (sent.status === 'unreachable') throw new ApiError('unreachable', file.name);
        throw new ApiError('refused', file.name, undefined, sent.refusal);
      },
      (answer) => this.#tabled(file, answer),
    );
  }

  /** The same question anew, as the market or the day have changed. */
  again(): void {
    if (this.part === 'place') {
      if (this.place) void this.at(this.place);
    } else if (this.part === 'many') {
      if (this.batch?.of instanceof File) void this.file([this.batch.of]);
      else if (this.batch) void this.many(this.batch.of);
    } else if (this.checked) void this.one(this.typed, this.from_table);
  }

  back_to_table(): void {
    this.stop();
    this.part = 'many';
    this.from_table = false;
    this.checked = null;
    this.app.adjust({ check: '' });
  }

  /** What there is to draw: the place and how sure it is, and the land that speaks against the codes. */
  readonly drawn: readonly Drawn[] = $derived.by(() => {
    if (this.part === 'many' || this.part === 'qr') return [];
    const place: Drawn[] = this.place
      ? [
          ...(this.place.accuracy_m
            ? [{ role: 'accuracy' as const, geometry: circle(this.place.at, this.place.accuracy_m) }]
            : []),
          { role: 'place', geometry: { type: 'Point', coordinates: this.place.at } },
        ]
      : [];
    const evidence = (this.checked?.results ?? []).flatMap(({ reasons }) =>
      reasons.flatMap(({ verdict, evidence: land }): Drawn[] => (land ? [{ role: verdict, geometry: land }] : [])),
    );
    return [...evidence, ...place];
  });

  get evidence(): Geometry[] {
    return this.drawn.filter(({ role }) => role !== 'accuracy').map(({ geometry }) => geometry);
  }

  #tabled(of: readonly string[] | File, { date, n, by_verdict, results }: Checked): void {
    this.batch = { of, date, n: n ?? results.length, by_verdict, results };
  }

  #tell(results: readonly CodeVerdict[]): void {
    this.app.announcement = results
      .map(({ code, asked, verdict }) => `${code ?? asked}: ${this.say(`verdict_${verdict}`)}`)
      .join('; ');
  }

  async #ask(question: (signal: AbortSignal) => Promise<Checked>, answered: (answer: Checked) => void): Promise<void> {
    this.#request?.abort();
    const request = (this.#request = new AbortController());
    this.busy = 'checking';
    this.trouble = null;
    try {
      const answer = await question(request.signal);
      if (!request.signal.aborted) answered(answer);
    } catch (error) {
      if (!was_aborted(error) && !request.signal.aborted) this.trouble = this.#trouble_of(error);
    } finally {
      if (this.#request === request) this.busy = null;
    }
  }

  #trouble_of(error: unknown): string {
    if (!(error instanceof ApiError) || error.problem === 'unreachable') return this.say('unreachable');
    return this.say('refused', { message: error.refusal.message ?? String(error.status) });
  }
}
