// The work list on lost land: asked for, and what officers do with one alert of it (docs/api.md).
import { alert_query, type Alert, type AlertCard, type AlertFilter, type AlertStatus } from '../core/officer/alerts.ts';
import { address, get_json, here, send_json } from './client.ts';
import { upload, type Upload } from './uploads.ts';
import type { AlertNote, AlertPhoto, DigestUnit } from '../core/officer/alerts.ts';

const ALERTS_URL = '/api/v1/alerts';
const alert_url = (event: string): string => `${ALERTS_URL}/${encodeURIComponent(event)}`;
const if_match = (etag: string) => ({ 'if-match': `"${etag}"` });

export interface AlertRows {
  n: number;
  alerts: Alert[];
  /** Of all that the other filters take. */
  by_status: Partial<Record<AlertStatus, number>>;
}

/** `who` asks, for what is mine; `today` decides what is overdue. */
export const get_alerts = (
  filter: AlertFilter,
  who: string | null,
  today: string,
  limit: number,
  offset: number,
  signal?: AbortSignal,
): Promise<AlertRows> => get_json(address(ALERTS_URL, { ...alert_query(filter, who, today), limit, offset }), signal);

/** Sums by unit, by their names; those in no unit last. `since` a day: only what is new since, or had a step; empty: all. */
export const get_digest = (since: string, signal?: AbortSignal): Promise<{ units: DigestUnit[] }> =>
  get_json(address(`${ALERTS_URL}/digest`, { since }), signal);

export const get_alert = (event: string, signal?: AbortSignal): Promise<AlertCard> =>
  get_json(alert_url(event), signal);

/** Refused with 412 when the alert is not as in `etag` any more; so is the next. */
export const take_step = (event: string, etag: string, status: AlertStatus, reason: string): Promise<AlertCard> =>
  send_json('POST', `${alert_url(event)}/step`, { status, ...(reason ? { reason } : {}) }, undefined, if_match(etag));

/** What is not named stays; null takes away. */
export const assign = (
  event: string,
  etag: string,
  change: { assigned?: string | null; due?: string | null },
): Promise<AlertCard> => send_json('PATCH', alert_url(event), change, undefined, if_match(etag));

export const add_note = (event: string, text: string): Promise<AlertNote> =>
  send_json('POST', `${alert_url(event)}/notes`, { text });

export const add_photo = (
  event: string,
  file: File,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<Upload<AlertPhoto>> =>
  upload('POST', address(`${alert_url(event)}/photos`, { filename: file.name }), file, progress, signal);

export const photo_url = (event: string, photo: number): string => here(`${alert_url(event)}/photos/${photo}`);
