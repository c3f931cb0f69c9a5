// The desk of plans: the list, the plan that is open, what it is compared with, and the verbs by which it goes on.
// Knows neither DOM nor map; components read it and call its verbs.
import { ApiError, was_aborted } from '../../api/client.ts';
import type { Issue } from '../../api/edits.ts';
import * as api from '../../api/plans.ts';
import type { Collision, Plan, PlanCard } from '../../api/plans.ts';
import type { LonLat } from '../../core/model.ts';
import { offers, type Offer } from '../../core/plans/offers.ts';
import { say_plans, say_plans_count, type PlansCountKey, type PlansKey } from '../../i18n/plans.ts';
import type { AppState } from '../app_state.svelte.ts';
import { new_id } from '../edit/saving.svelte.ts';
import { session } from '../session.svelte.ts';
import { MAP, type Against, type MapState, type Picture, type Pictures } from './picture.ts';

export type Part = 'about' | 'compare' | 'figures' | 'comments';
export type Look = 'plan' | 'swipe' | 'side' | 'difference';
export type Status = 'none' | 'loading' | 'here' | 'not_found' | 'forbidden' | 'failed';

const PAGE = 50;

export class Plans {
  readonly app: AppState;
  readonly pictures: Pictures;
  list = $state.raw<readonly Plan[]>([]);
  n_plans = $state(0);
  list_status = $state<'loading' | 'here' | 'failed'>('loading');
  plan = $state.raw<PlanCard | null>(null);
  status = $state<Status>('none');
  part = $state<Part>('about');
  /** Drawn in, in place of being shown. */
  drawing = $state(false);
  /** Grows when the open plan or the map below may show something else. */
  n_seen = $state(0);
  is_busy = $state(false);
  /** Grows when something was brought to its end and its form went. */
  n_done = $state(0);
  trouble = $state<string | null>(null);
  /** What would stand against publishing the plan now. */
  ahead = $state.raw<Against | 'failed' | null>(null);
  /** What stood against publishing when it was tried. */
  collisions = $state.raw<readonly Collision[]>([]);
  issues = $state.raw<readonly Issue[]>([]);
  /** The secret of the plan's link, once, after it was made. */
  secret = $state<string | null>(null);
  look = $state<Look>('plan');
  a = $state<MapState>(MAP);
  b = $state<MapState>(MAP);
  /** In what `b` differs from `a`. */
  difference = $state.raw<Picture | null>(null);
  difference_failed = $state(false);
  /** The zone that is outlined on the map and in the table. */
  marked = $state<string | null>(null);
  /** The comment that a pin opened. */
  comment = $state<number | null>(null);
  /** Where the next comment is pinned; `is_placing` while the place is being chosen. */
  place = $state.raw<LonLat | null>(null);
  is_placing = $state(false);
  /** What is written and not sent yet. */
  comment_text = $state('');
  #request: AbortController | null = null;

  readonly offers: ReadonlySet<Offer> = $derived(offers(this.plan, session.facts));

  constructor(app: AppState, pictures: Pictures) {
    this.app = app;
    this.pictures = pictures;
  }

  say(key: PlansKey, values?: Record<string, string | number>): string {
    return say_plans(this.app.lang, key, values);
  }

  say_count(key: PlansCountKey, n: number): string {
    return say_plans_count(this.app.lang, key, n);
  }

  get share(): string | null {
    return this.app.view.share;
  }

  state_name(state: MapState): string {
    if (state === MAP) return this.say('the_map');
    if (state === this.plan?.id) return this.plan.name;
    return this.list.find(({ id }) => id === state)?.name ?? state;
  }

  // --- the list

  async load_list(more = false): Promise<void> {
    if (!session.may('read_plans')) return;
    if (this.list.length === 0) this.list_status = 'loading';
    try {
      const { plans, n_matched } = await api.get_plans(PAGE, more ? this.list.length : 0);
      this.list = more
        ? [...this.list, ...plans.filter(({ id }) => !this.list.some((known) => known.id === id))]
        : plans;
      this.n_plans = n_matched;
      this.list_status = 'here';
    } catch {
      this.list_status = 'failed';
    }
  }

  async make(name: string, note: string): Promise<boolean> {
    return this.act(async () => {
      const made = await api.make_plan({ id: new_id('p'), name, note });
      await this.load_list();
      this.app.step({ plan: made.id, share: null });
    });
  }

  // --- the open plan

  /** Once it is here, the map goes there. */
  is_sought = false;

  /** Follows the address. */
  async open(id: string | null): Promise<void> {
    this.#request?.abort();
    this.#close();
    if (id === null) return;
    this.b = id;
    this.status = 'loading';
    if (await this.#load(id)) this.part = 'about';
  }

  #close(): void {
    this.plan = null;
    this.status = 'none';
    this.drawing = false;
    this.secret = this.trouble = this.marked = this.comment = this.difference = null;
    this.look = 'plan';
    [this.a, this.b] = [MAP, MAP];
    this.ahead = null;
    this.collisions = this.issues = [];
    this.stop_placing();
  }

  /** Anew what is shown of the plan: somebody changed it, or the map below it. */
  async reload(): Promise<void> {
    this.pictures.forget();
    if (this.plan) await this.#load(this.plan.id);
  }

  /** Some plan changed. What we do ourselves loads it by itself. */
  async follow(): Promise<void> {
    if (this.is_busy) return;
    if (!this.share) await this.load_list();
    // The plan may be on its way out by now.
    if (!this.is_busy) await this.reload();
  }

  async #load(id: string): Promise<boolean> {
    const request = (this.#request = new AbortController());
    try {
      this.plan = await api.get_plan(id, this.share, request.signal);
      this.status = 'here';
      this.n_seen += 1;
      void this.#look_ahead(id);
      return true;
    } catch (error) {
      if (was_aborted(error)) return false;
      const status = error instanceof ApiError ? error.status : 0;
      this.status = status === 404 ? 'not_found' : status === 401 || status === 403 ? 'forbidden' : 'failed';
      return false;
    }
  }

  async #look_ahead(id: string): Promise<void> {
    const found = await this.pictures.between(MAP, id).then(
      ({ against }) => against,
      () => 'failed' as const,
    );
    if (this.plan?.id === id) this.ahead = found;
  }

  /** Does something with the server; what it refuses is said in `trouble`. */
  async act(what: () => Promise<void>): Promise<boolean> {
    if (this.is_busy) return false;
    this.is_busy = true;
    this.trouble = null;
    try {
      await what();
      return true;
    } catch (error) {
      this.trouble = this.#said(error);
      // Another tab or person changed it: what is shown is of another revision.
      if (error instanceof ApiError && error.status === 412) await this.reload();
      return false;
    } finally {
      this.is_busy = false;
    }
  }

  #said(error: unknown): string {
    if (!(error instanceof ApiError)) return this.say('failed', { message: String(error) });
    if (error.problem === 'unreachable') return this.say('unreachable');
    if (error.status === 412) return this.say('stale');
    if (error.status === 401 || error.status === 403)
      return this.say('forbidden', { message: error.refusal.message ?? '' });
    return this.say('failed', { message: error.refusal.message ?? error.message });
  }

  rename(name: string, note: string): Promise<boolean> {
    const { plan } = this;
    return this.act(async () => {
      if (!plan) return;
      this.#take(await api.rename_plan(plan, name, note));
    });
  }

  remove(): Promise<boolean> {
    const { plan } = this;
    return this.act(async () => {
      if (!plan) return;
      this.#request?.abort();
      await api.remove_plan(plan);
      this.app.announcement = this.say('removed', { name: plan.name });
      this.app.step({ plan: null, share: null });
      await this.load_list();
    });
  }

  /** Submits, returns, approves or publishes; what collides or is wrong is listed. */
  async decide(decision: api.Decision, note: string, document: string): Promise<boolean> {
    const { plan } = this;
    if (!plan) return false;
    this.collisions = this.issues = [];
    const done = await this.act(async () => {
      try {
        this.#take(await api.decide(plan, decision, note, document));
        this.pictures.forget();
        await this.#load(plan.id);
        this.n_done += 1;
        this.app.announcement = this.say(`did_${decision}`);
      } catch (error) {
        if (error instanceof ApiError) {
          const { collisions, issues } = api.refusal_of(error);
          this.collisions = collisions;
          this.issues = issues;
          if (collisions.length + issues.length > 0) return;
        }
        throw error;
      }
    });
    return done && this.collisions.length + this.issues.length === 0;
  }

  make_link(): Promise<boolean> {
    return this.act(async () => {
      if (!this.plan) return;
      const { share, ...plan } = await api.share_plan(this.plan.id);
      this.secret = share;
      this.#take(plan);
    });
  }

  end_link(): Promise<boolean> {
    return this.act(async () => {
      if (!this.plan) return;
      await api.unshare_plan(this.plan.id);
      this.secret = null;
      await this.#load(this.plan.id);
    });
  }

  #take(changed: Plan): void {
    if (this.plan?.id === changed.id) this.plan = { ...this.plan, ...changed };
    this.list = this.list.map((plan) => (plan.id === changed.id ? changed : plan));
  }

  // --- comparing

  async load_difference(): Promise<void> {
    const { a, b } = this;
    this.difference = null;
    this.difference_failed = false;
    try {
      const found = await this.pictures.between(a, b);
      if (this.a === a && this.b === b) this.difference = found;
    } catch {
      if (this.a === a && this.b === b) this.difference_failed = true;
    }
  }

  // --- comments

  stop_placing(): void {
    this.is_placing = false;
    this.place = null;
  }

  comment_on(what: () => Promise<unknown>): Promise<boolean> {
    return this.act(async () => {
      await what();
      if (this.plan) await this.#load(this.plan.id);
    });
  }
}
