// What parts of a chart are filled with: a colour of ours, and a pattern wherever the colour alone would tell things apart.
export type Pattern = 'hatch' | 'dots' | 'lines' | 'hollow';

export interface Fill {
  color: string;
  pattern?: Pattern;
}

export const LOST: Fill = { color: 'var(--loss)', pattern: 'hatch' };
export const HELD: Fill = { color: 'var(--muted)' };
export const UNKNOWN: Fill = { color: 'var(--loss)', pattern: 'hollow' };
export const BACK: Fill = { color: 'var(--accent)', pattern: 'lines' };

const OF_GROUPS: readonly Fill[] = [
  { color: 'var(--loss)' },
  { color: 'var(--loss)', pattern: 'hatch' },
  { color: 'var(--loss)', pattern: 'dots' },
  { color: 'var(--loss)', pattern: 'lines' },
];

/** Red for every group that is lost, told apart by patterns. */
export const group_fill = (place: number): Fill => OF_GROUPS[place % OF_GROUPS.length] ?? LOST;

const OF_TONES: Record<'unplanned' | 'planned' | 'allowed' | 'unknown', Fill> = {
  unplanned: { color: 'var(--loss)' },
  planned: { color: 'var(--planned)' },
  allowed: { color: 'var(--allowed)' },
  unknown: UNKNOWN,
};
export const tone_fill = (tone: keyof typeof OF_TONES): Fill => OF_TONES[tone];

export const fill_key = ({ color, pattern }: Fill): string => `${color} ${pattern ?? ''}`;

/** Each fill that is used, once. */
export function fills_of(used: readonly Fill[]): Fill[] {
  return [...new Map(used.map((fill) => [fill_key(fill), fill])).values()];
}
