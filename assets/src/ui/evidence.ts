// What a piece of evidence is and of when, in words.
import type { Evidence } from '../core/model.ts';
import { format_date } from '../core/numbers.ts';
import type { Key } from '../i18n/index.ts';
import type { AppState } from './app_state.svelte.ts';

const KINDS: Record<string, Key> = {
  land_use: 'evidence_land_use',
  decision: 'evidence_decision',
  plan: 'evidence_plan',
  raster: 'evidence_raster',
};

export const evidence_kind = (app: AppState, { kind }: Evidence) => app.say(KINDS[kind] ?? 'evidence_land_use');

export function evidence_date(app: AppState, { kind, date }: Evidence): string | null {
  if (date === null) return null;
  const key = kind === 'decision' || kind === 'plan' ? 'evidence_signed' : 'evidence_seen';
  return app.say(key, { date: format_date(date, app.lang) });
}
