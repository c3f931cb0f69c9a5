// The file that a planner has in hand: sent, read, refused or shown, and what he says of it, until it goes into the draft.
import { send_file, type FileQuery } from '../../api/drops.ts';
import {
  carried_over,
  kept,
  obstacle,
  operations_of,
  proposed_fates,
  redrawn_of,
  reread,
  unknown_labels,
  with_fate,
  with_kind,
  with_rows,
  NO_CHOICES,
  kind_of,
  type Choices,
  type Column,
  type Fate,
  type FileFeature,
  type FileReport,
  type Origin,
} from '../../core/edit/dropped.ts';
import type { Eye, Feature } from '../../core/edit/scene.ts';
import { holds, type Xy, type ZoneProperties } from '../../core/edit/shape.ts';
import type { Desk } from '../edit/desk_state.svelte.ts';
import { new_id } from '../edit/saving.svelte.ts';

/** As the server takes it. */
const MOST_BYTES = 64 * 1024 * 1024;

export interface RefusedFile {
  why: string;
  message: string;
  layers: readonly string[];
}

export class FileWork {
  /** What is under way; `closed` shows nothing of files. */
  status = $state<'closed' | 'asking' | 'sending' | 'reading' | 'refused' | 'shown'>('closed');
  name = $state('');
  n_bytes = $state(0);
  /** Of the file, on its way to the server. */
  share = $state(0);
  refused = $state.raw<RefusedFile | null>(null);
  report = $state.raw<FileReport | null>(null);
  layer = $state<string | null>(null);
  crs = $state<string | null>(null);
  /** The mistake that is set right, by the planner's word alone. */
  correct = $state<string | null>(null);
  /** Of its text; null: as it says. */
  encoding = $state<string | null>(null);
  choices = $state.raw<Choices>(NO_CHOICES);
  /** The row that is looked at. */
  row = $state<number | null>(null);
  is_keeping = $state(false);
  /** Grows when there is something new to be seen whole. */
  n_shown = $state(0);
  readonly #desk: Desk;
  #bytes: Blob | null = null;
  /** The file, its layer or its reference system is another. */
  #lies_anew = false;
  #request: AbortController | null = null;

  readonly features: readonly FileFeature[] = $derived(this.report?.features ?? []);
  readonly kept: readonly FileFeature[] = $derived(kept(this.features, this.choices));
  readonly labels = $derived(unknown_labels(this.features, this.choices));
  readonly obstacle = $derived(obstacle(this.features, this.choices));

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  get is_busy(): boolean {
    return this.status === 'sending' || this.status === 'reading';
  }

  /** Asks for a file. */
  open(): void {
    this.close();
    this.status = 'asking';
  }

  close(): void {
    this.#request?.abort();
    this.#bytes = null;
    [this.status, this.report, this.refused, this.row] = ['closed', null, null, null];
    [this.layer, this.crs, this.correct, this.encoding, this.choices] = [null, null, null, null, NO_CHOICES];
  }

  async take(files: readonly File[]): Promise<void> {
    const [file] = files;
    if (!file) return;
    this.open();
    [this.name, this.n_bytes, this.#lies_anew] = [file.name, file.size, true];
    if (files.length > 1) return this.#refuse('several');
    if (file.size > MOST_BYTES) return this.#refuse('too_large');
    try {
      // Held as it is now: it is sent again for every question.
      this.#bytes = new Blob([await file.arrayBuffer()]);
    } catch {
      return this.#refuse('not_readable_here');
    }
    if (this.#bytes.size === 0) return this.#refuse('empty');
    await this.send();
  }

  /** Asks the server what is in the file, by what was said of it so far. */
  async send(): Promise<void> {
    const bytes = this.#bytes;
    if (!bytes) return;
    this.#request?.abort();
    const request = (this.#request = new AbortController());
    [this.status, this.share, this.refused] = ['sending', 0, null];
    const progress = (share: number) => {
      if (request.signal.aborted) return;
      this.share = share;
      if (share === 1) this.status = 'reading';
    };
    const answer = await send_file(bytes, this.name, this.#query(), progress, request.signal);
    if (answer.status === 'aborted' || request !== this.#request) return;
    if (answer.status === 'unreachable') this.#refuse('unreachable');
    else if (answer.status === 'refused') this.#refuse(answer.why, answer.message, answer.layers);
    else this.#show(answer.report);
  }

  #refuse(why: string, message = '', layers: readonly string[] = []): void {
    this.refused = { why, message, layers };
    this.status = 'refused';
  }

  #show(report: FileReport): void {
    this.choices = carried_over(this.choices, report);
    this.report = report;
    this.status = 'shown';
    this.row = null;
    if (this.#lies_anew) this.n_shown += 1;
    this.#lies_anew = false;
  }

  #query(): FileQuery {
    const columns: Partial<Record<Column, string>> = {};
    for (const [ours, origin] of Object.entries(this.choices.origins)) {
      if (origin.from === 'column') columns[ours as Column] = origin.column;
    }
    return { layer: this.layer, crs: this.crs, correct: this.correct, encoding: this.encoding, columns };
  }

  // --- what is said of it

  /** Another layer has other columns. */
  async choose_layer(layer: string): Promise<void> {
    this.layer = layer;
    this.correct = null;
    this.#lies_anew = true;
    this.choices = NO_CHOICES;
    await this.send();
  }

  async choose_crs(crs: string | null): Promise<void> {
    this.crs = crs;
    // What was wrong was so of the system before.
    this.correct = null;
    this.#lies_anew = true;
    await this.send();
  }

  /** Reads the file as it truly lies; null: as it says. */
  async choose_correction(correct: string | null): Promise<void> {
    this.correct = correct;
    this.#lies_anew = true;
    await this.send();
  }

  /** Labels are other words then, and names of columns may be. */
  async choose_encoding(encoding: string | null): Promise<void> {
    this.encoding = encoding;
    this.choices = reread(this.choices);
    await this.send();
  }

  async choose_origin(column: Column, origin: Origin): Promise<void> {
    const before = this.choices.origins[column];
    this.choices = { ...this.choices, origins: { ...this.choices.origins, [column]: origin } };
    const asks = origin.from === 'column' && (before?.from !== 'column' || before.column !== origin.column);
    if (asks && this.report?.mapping[column] !== origin.column) await this.send();
    if (column === 'id') this.choices = { ...this.choices, fates: proposed_fates(this.features) };
  }

  choose_kind(label: string, kind: string): void {
    this.choices = with_kind(this.choices, label, kind);
  }

  choose_fate(row: number, fate: Fate): void {
    this.choices = with_fate(this.choices, row, fate);
  }

  take_rows(rows: readonly number[], takes: boolean): void {
    this.choices = with_rows(this.choices, rows, takes);
  }

  kind_of(feature: FileFeature): string | null {
    return kind_of(feature, this.choices);
  }

  select_at(at: Xy): void {
    this.row = this.features.find(({ polygons }) => holds(polygons, at))?.row ?? null;
  }

  // --- on the map, and into the draft

  drawn(eye: Eye): Feature[] {
    if (this.status === 'closed' || this.status === 'refused') return [];
    const { left_out } = this.choices;
    return this.features.map((feature) => {
      const { row, polygons } = feature;
      const kind = this.kind_of(feature);
      const properties = { ...feature.properties, kind: kind ?? '' } as ZoneProperties;
      const zone = { id: `file ${row}`, revision: null, unit: null, polygons, properties };
      const color = this.#desk.app.color(kind ?? '');
      return eye.zone(zone, { color, selected: this.row === row, gone: left_out.has(row), stale: false });
    });
  }

  /** Into the draft, as one step. `fetch` brings the zones that are drawn anew. */
  async keep(fetch: (ids: readonly string[]) => Promise<boolean>, reason: string): Promise<boolean> {
    const desk = this.#desk;
    if (this.obstacle || this.is_keeping || desk.saving.is_busy) return false;
    this.is_keeping = true;
    const redrawn = redrawn_of(this.kept, this.choices).filter((id) => desk.draft.ground.zone(id) === null);
    const is_here = redrawn.length === 0 || (await fetch(redrawn));
    this.is_keeping = false;
    if (!is_here) return false;
    const operations = operations_of(this.features, this.choices, () => new_id('z'));
    this.close();
    desk.take('select');
    desk.select(null);
    desk.do('file', operations);
    desk.saving.reason ||= reason;
    desk.saving.keep();
    await desk.saving.check();
    return true;
  }
}
