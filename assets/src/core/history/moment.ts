// A moment of the past as the page and its link name it: `17` (a revision), `2026-11-22` (the end of a day, by what was
// recorded until then) or `2026-11-22,valid` (by what held in law on it).

export type Moment = { by: 'revision'; revision: number } | { by: 'recorded' | 'valid'; day: string };

/** Null for what names no moment. */
export function parse_moment(text: string | null): Moment | null {
  if (text === null) return null;
  if (/^\d{1,15}$/.test(text)) return { by: 'revision', revision: Number(text) };
  const [, day = '', valid] = /^(\d{4}-\d{2}-\d{2})(,valid)?$/.exec(text) ?? [];
  if (!is_day(day)) return null;
  return { by: valid ? 'valid' : 'recorded', day };
}

export function format_moment(moment: Moment): string {
  if (moment.by === 'revision') return String(moment.revision);
  return moment.by === 'valid' ? `${moment.day},valid` : moment.day;
}

/** Whether a calendar has `YYYY-MM-DD`. */
export function is_day(text: string): boolean {
  const [year = 0, month = 0, day = 0] = /^\d{4}-\d{2}-\d{2}$/.test(text) ? text.split('-').map(Number) : [];
  const date = new Date(Date.UTC(year, month - 1, day));
  return year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
