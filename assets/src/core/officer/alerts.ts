// The work list on pieces of lost land: what is known of an alert, the steps it takes, and how the list is asked for.
import type { LonLat, Text } from '../model.ts';

export const ALERT_STATUSES = ['new', 'checked', 'confirmed', 'rejected', 'handed_over', 'closed'] as const;
export type AlertStatus = (typeof ALERT_STATUSES)[number];

export interface Alert {
  event_id: string;
  zone_id: string;
  zone_name: string | null;
  kind: string | null;
  unit: string | null;
  unit_name: string | null;
  group: string;
  code: string;
  since: string | null;
  area_m2: number;
  sigma_m2: number | null;
  probability: number | null;
  right: string;
  severity: number | null;
  status: AlertStatus;
  /** What it can become. */
  next: AlertStatus[];
  /** The latest epoch no longer shows it. */
  is_gone: boolean;
  /** Why it is new again. */
  note: Text | null;
  assigned: string | null;
  due: string | null;
  is_overdue: boolean;
  n_notes: number;
  n_photos: number;
  at: LonLat | null;
  changed: string | null;
  etag: string;
}

export interface DigestSum {
  n: number;
  area_m2: number;
}

/** Alerts of one unit in sums; null: in none. */
export interface DigestUnit extends DigestSum {
  unit: string | null;
  unit_name: string | null;
  n_overdue: number;
  by_status: Partial<Record<AlertStatus, DigestSum>>;
  by_group: Record<string, DigestSum>;
}

/** All units together. */
export const digest_total = (units: readonly DigestUnit[]): DigestSum & { n_overdue: number } =>
  units.reduce(
    (sum, one) => ({
      n: sum.n + one.n,
      area_m2: sum.area_m2 + one.area_m2,
      n_overdue: sum.n_overdue + one.n_overdue,
    }),
    { n: 0, area_m2: 0, n_overdue: 0 },
  );

export interface AlertStep {
  status: AlertStatus;
  at: string;
  /** Null: farmzone itself. */
  who: string | null;
  reason: string | null;
}

export interface AlertNote {
  id: number;
  at: string;
  who: string;
  text: string;
}

export interface AlertPhoto {
  id: number;
  name: string;
  media_type: string;
  bytes: number;
  taken: string | null;
  at: LonLat | null;
  /** From where it was taken to the piece of land. */
  distance_m: number | null;
  who: string;
  sent: string;
}

export interface AlertCard extends Alert {
  steps: AlertStep[];
  notes: AlertNote[];
  photos: AlertPhoto[];
}

/** Whether a step is not taken without saying why, as the server has it. */
export function needs_reason(from: AlertStatus, to: AlertStatus): boolean {
  const goes_back = to === 'checked' && from !== 'new';
  return to === 'rejected' || goes_back || (from === 'confirmed' && to === 'closed');
}

export const SORTS = ['area', 'severity', 'since', 'due', 'changed'] as const;
export type Sort = (typeof SORTS)[number];

export interface AlertFilter {
  status: AlertStatus | '';
  unit: string;
  kind: string;
  group: string;
  /** Only what is assigned to who asks. */
  mine: boolean;
  overdue: boolean;
  sort: Sort;
}

export const NO_ALERT_FILTER: AlertFilter = {
  status: '',
  unit: '',
  kind: '',
  group: '',
  mine: false,
  overdue: false,
  sort: 'area',
};

/** As the API's parameters. `today` as YYYY-MM-DD: what was due before it is overdue. */
export function alert_query(filter: AlertFilter, who: string | null, today: string): Record<string, string | null> {
  const { mine, overdue, ...rest } = filter;
  return { ...rest, assigned: mine ? who : null, due_before: overdue ? today : null };
}

/** Of photos: more is not sent. */
export const MOST_PHOTO_BYTES = 20 * 1024 * 1024;
export const PHOTO_TYPES = ['image/jpeg', 'image/png', 'image/webp'] as const;

export type PhotoObstacle = 'not_a_photo' | 'too_large' | 'empty';

/** Why a file cannot be a photo of an alert; null when nothing is against it here. */
export function photo_obstacle({ type, size }: { type: string; size: number }): PhotoObstacle | null {
  if (!(PHOTO_TYPES as readonly string[]).includes(type)) return 'not_a_photo';
  if (size === 0) return 'empty';
  return size > MOST_PHOTO_BYTES ? 'too_large' : null;
}
