// Sends the draft to the server and keeps it until it has arrived: over refusals, conflicts, a lost network, a closed tab.
import type { EditAnswer, EditRequest, EditStore, Issue, Saved } from '../../api/edits.ts';
import type { Draft } from '../../core/edit/draft.ts';
import { of_text, to_text } from '../../core/edit/kept.ts';
import { needs_server, type Operation } from '../../core/edit/operation.ts';
import type { Changes, ZoneShape } from '../../core/edit/shape.ts';

const AGAIN_MS = 5_000;

export interface Conflict {
  zones: readonly ZoneShape[];
  missing: readonly string[];
}

export type Trouble = { what: 'needs_server' | 'not_kept' } | { what: 'failed' | 'forbidden'; message: string };

export class Saving {
  /** What is under way; `waiting` is for the network. */
  status = $state<'idle' | 'working' | 'saving' | 'waiting'>('idle');
  reason = $state('');
  decision = $state('');
  /** From when on it holds in law; empty: from when it is entered. */
  valid_from = $state('');
  issues = $state.raw<readonly Issue[]>([]);
  is_refused = $state(false);
  /** What was refused last; a plan may keep it all the same. */
  refused = $state.raw<readonly Operation[] | null>(null);
  conflict = $state.raw<Conflict | null>(null);
  trouble = $state.raw<Trouble | null>(null);
  /** What was brought to its end last. */
  ended = $state<'saved' | 'checked' | null>(null);
  /** Edits that were saved here, and that were undone again, the last at the end. */
  past = $state.raw<readonly { edit: string; reason: string }[]>([]);
  future = $state.raw<readonly { edit: string; reason: string }[]>([]);
  readonly #draft: Draft;
  readonly #changed: () => void;
  readonly #place: string;
  readonly #store: EditStore;
  #id = new_id('e');
  #was_sent = false;
  #again: ReturnType<typeof setTimeout> | undefined;

  /** `place` names the browser's store for this workspace and this person. */
  constructor(draft: Draft, store: EditStore, place: string, changed: () => void) {
    this.#draft = draft;
    this.#store = store;
    this.#place = place;
    this.#changed = changed;
  }

  get is_busy(): boolean {
    return this.status !== 'idle';
  }

  close(): void {
    clearTimeout(this.#again);
  }

  // --- the browser's store

  keep(): void {
    try {
      if (this.#draft.steps.length === 0 && this.#draft.undone.length === 0)
        window.localStorage.removeItem(this.#place);
      else {
        const { reason, decision, valid_from } = this;
        const kept = {
          id: this.#id,
          was_sent: this.#was_sent,
          reason,
          decision,
          valid_from,
          work: this.#draft.unsaved(),
        };
        window.localStorage.setItem(this.#place, to_text(kept));
      }
      if (this.trouble?.what === 'not_kept') this.trouble = null;
    } catch {
      this.trouble = { what: 'not_kept' };
    }
  }

  /** What was kept of an earlier visit; true when there was something. */
  restore(): boolean {
    const kept = of_text(stored(this.#place));
    if (kept === null) return false;
    this.#draft.restore(kept.work);
    [this.reason, this.decision, this.valid_from] = [kept.reason, kept.decision, kept.valid_from];
    this.#id = kept.id;
    this.#changed();
    // It may have arrived: the same under the same id is answered as the first was.
    if (kept.was_sent) void this.save();
    return this.#draft.steps.length > 0;
  }

  // --- what the server works out

  /** What operations would make of the land; null when they cannot be done, and `issues` or `trouble` say why. */
  async worked_out(operations: readonly Operation[]): Promise<Changes | null> {
    this.#forget();
    this.status = 'working';
    const all = [...this.#draft.operations(), ...operations];
    const answer = await this.#store.send(this.#request(all, true));
    this.status = 'idle';
    if (answer.status === 'saved') {
      this.issues = answer.edit.issues;
      return this.#draft.differing(this.#draft.whole(changes_of(answer.edit)));
    }
    this.#take(answer, all);
    return null;
  }

  /** True when the server finds nothing that keeps the draft from being saved. */
  async check(): Promise<boolean> {
    const is_good = (await this.worked_out([])) !== null;
    if (is_good && this.issues.length === 0) this.ended = 'checked';
    return is_good;
  }

  async save(): Promise<boolean> {
    if (this.status === 'saving') return false;
    this.#forget();
    clearTimeout(this.#again);
    this.status = 'saving';
    this.#was_sent = true;
    this.keep();
    const operations = this.#draft.operations();
    const answer = await this.#store.send(this.#request(operations, false));
    if (answer.status === 'unreachable') {
      this.status = 'waiting';
      this.#again = setTimeout(() => void this.save(), AGAIN_MS);
      return false;
    }
    this.#was_sent = false;
    this.status = 'idle';
    this.#id = new_id('e');
    if (answer.status === 'saved') {
      this.#draft.saved(answer.edit.zones, answer.edit.removed);
      this.past = [...this.past, { edit: answer.edit.id, reason: this.reason }];
      this.future = [];
      this.issues = answer.edit.issues;
      [this.reason, this.decision, this.valid_from] = ['', '', ''];
      this.ended = 'saved';
    } else this.#take(answer, operations);
    this.keep();
    this.#changed();
    return answer.status === 'saved';
  }

  /** Sends what is not saved to a plan; what was refused with why it is kept in spite of what is wrong with it. */
  async keep_in(store: EditStore, despite: string | null): Promise<Saved | null> {
    if (this.is_busy) return null;
    const operations = this.refused ?? this.#draft.operations();
    this.status = 'saving';
    const request = this.#request([...operations], false);
    const reason = this.reason.trim() || despite || request.reason;
    const answer = await store.send({ ...request, id: new_id('e'), reason, ...(despite ? { despite } : {}) });
    this.status = 'idle';
    if (answer.status === 'saved') {
      [this.reason, this.decision, this.valid_from] = ['', '', ''];
      this.drop();
      return answer.edit;
    }
    if (answer.status === 'unreachable') this.trouble = { what: 'needs_server' };
    else this.#take(answer, operations);
    return null;
  }

  /** What a plan kept in spite of faults is what it shows now. */
  despite_kept({ id, zones, removed }: Saved, reason: string): void {
    this.past = [...this.past, { edit: id, reason }];
    this.#draft.rebase(zones, removed);
    this.ended = 'saved';
    this.#changed();
  }

  /** Undoes the last edit that was saved here, or redoes the last that was undone, as an edit of its own. */
  async reverse(which: 'past' | 'future', reason: (of: string) => string): Promise<boolean> {
    const last = this[which].at(-1);
    if (!last || this.is_busy) return false;
    this.#forget();
    this.status = 'saving';
    const answer = await this.#store.undo(last.edit, new_id('e'), reason(last.reason));
    this.status = 'idle';
    if (answer.status !== 'saved') {
      if (answer.status === 'unreachable') this.trouble = { what: 'needs_server' };
      else this.#take(answer);
      return false;
    }
    const done = { edit: answer.edit.id, reason: last.reason };
    const [past, future] = [this.past, this.future];
    this.past = which === 'past' ? past.slice(0, -1) : [...past, done];
    this.future = which === 'past' ? [...future, done] : future.slice(0, -1);
    this.#draft.rebase(answer.edit.zones, answer.edit.removed);
    this.ended = 'saved';
    this.#changed();
    return true;
  }

  // --- conflicts

  /** Theirs below; my steps on these zones go, or are put on top again. */
  async settle(how: 'theirs' | 'mine'): Promise<void> {
    const { zones, missing } = this.conflict ?? conflict_of(this.#draft);
    const ids = [...zones.map((zone) => zone.id), ...missing];
    this.#forget();
    if (how === 'theirs') this.#draft.give_up(ids);
    else if (missing.length > 0) this.#draft.give_up(missing);
    this.#draft.rebase(zones, missing);
    await this.#work_out_again();
    this.keep();
    this.#changed();
  }

  /** What the server had worked out rested on other land. */
  async #work_out_again(): Promise<void> {
    for (let i = 0; i < this.#draft.steps.length; i += 1) {
      const steps = this.#draft.steps.slice(0, i + 1);
      if (!steps[i]?.operations.some(needs_server)) continue;
      this.status = 'working';
      const answer = await this.#store.send(
        this.#request(
          steps.flatMap((step) => step.operations),
          true,
        ),
      );
      this.status = 'idle';
      if (answer.status === 'saved') this.#draft.worked_out(i, this.#draft.whole(changes_of(answer.edit)));
      else return this.#take(answer);
    }
  }

  drop(): void {
    this.#forget();
    this.#draft.drop_all();
    this.#id = new_id('e');
    this.keep();
    this.#changed();
  }

  forget_issues(): void {
    this.#forget();
  }

  #forget(): void {
    this.issues = [];
    this.is_refused = false;
    this.refused = null;
    this.conflict = null;
    this.trouble = null;
    this.ended = null;
  }

  #take(answer: EditAnswer, operations: readonly Operation[] | null = null): void {
    if (answer.status === 'refused') {
      this.is_refused = true;
      this.refused = answer.issues.length > 0 ? operations : null;
      this.issues = answer.issues;
      if (answer.issues.length === 0) this.trouble = { what: 'failed', message: answer.message };
    } else if (answer.status === 'conflict') this.conflict = { zones: answer.zones, missing: answer.missing };
    else if (answer.status === 'unreachable') this.trouble = { what: 'needs_server' };
    else if (answer.status !== 'saved') this.trouble = { what: answer.status, message: answer.message };
  }

  #request(operations: Operation[], is_dry_run: boolean): EditRequest {
    const decision = this.decision.trim();
    return {
      id: this.#id,
      reason: this.reason.trim() || '–',
      ...(decision ? { decision } : {}),
      ...(this.valid_from ? { valid_from: this.valid_from } : {}),
      base: this.#draft.base_revisions(operations),
      operations,
      is_dry_run,
    };
  }
}

/** Zones of others below our steps, as far as the page knows. */
export function conflict_of(draft: Draft): Conflict {
  const stale = [...draft.stale];
  return {
    zones: stale.map(([, zone]) => zone).filter((zone) => zone !== null),
    missing: stale.filter(([, zone]) => zone === null).map(([id]) => id),
  };
}

function changes_of({ zones, removed }: Saved): Changes {
  const gone: [string, null][] = removed.map((id) => [id, null]);
  return new Map<string, ZoneShape | null>([...zones.map((zone): [string, ZoneShape] => [zone.id, zone]), ...gone]);
}

function stored(place: string): string | null {
  try {
    return window.localStorage.getItem(place);
  } catch {
    return null; // a browser that keeps nothing has nothing to give back
  }
}

/** `crypto.randomUUID` is for https only; offices have http. */
export function new_id(prefix: string): string {
  const letters = crypto.getRandomValues(new Uint8Array(14));
  return `${prefix}-${[...letters].map((letter) => (letter % 36).toString(36)).join('')}`;
}
