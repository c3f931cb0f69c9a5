// What the journeys look for, taken from the server's own answers.
import assert from 'node:assert/strict';
import { api } from './harness.ts';

export interface Figures {
  epoch: string;
  epochs: string[];
  title: { vi: string; en: string };
  simulated: boolean;
  revision: number;
  totals: {
    n_zones: number;
    area_m2: number;
    lost_m2: number;
    kept_m2: number;
    n_events: number;
  };
  kinds: {
    kind: string;
    name: { vi: string; en: string };
    n_zones: number;
    n_events: number;
    lost_m2: number;
  }[];
}

export interface ZoneFacts {
  id: string;
  kind: string;
  name: string;
  code: string | null;
  unit: { code: string; name: string };
  lost_m2: number;
  n_events: number;
  area_m2: number;
  center: [number, number];
}

export const figures = (query = ''): Promise<Figures> => api<Figures>(`/api/v1/summary${query}`);

/** A named zone that has lost several pieces of land. */
export async function a_zone_with_losses(): Promise<ZoneFacts> {
  const found = await api<{ features: { properties: ZoneFacts }[] }>('/api/v1/zones?limit=1000');
  const best = found.features
    .map((feature) => feature.properties)
    .filter((zone) => zone.name && zone.unit && zone.n_events >= 2)
    .sort((a, b) => b.n_events - a.n_events)[0];
  assert.ok(best, 'the workspace has no zone with losses');
  const card = await api<{ properties: ZoneFacts }>(`/api/v1/zones/${encodeURIComponent(best.id)}`);
  return card.properties;
}

/** Without marks, as people type on a foreign keyboard. */
export function bare(text: string): string {
  return text
    .replace(/đ/g, 'd')
    .replace(/Đ/g, 'D')
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '');
}

/** Whole hectares as the page writes them. */
export function hectares(area_m2: number, lang: 'vi' | 'en'): string {
  return new Intl.NumberFormat(lang === 'vi' ? 'vi-VN' : 'en-GB', {
    maximumFractionDigits: 0,
  }).format(area_m2 / 10_000);
}
