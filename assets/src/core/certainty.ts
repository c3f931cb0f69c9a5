// How sure an event is and how large, in steps that have words. Says nothing about anybody's guilt.

export type Certainty = 'sure' | 'likely' | 'probable' | 'open';

/** The word for a probability that an event is more than an error of drawing. */
export function certainty(probability: number): Certainty {
  if (probability >= 0.99) return 'sure';
  if (probability >= 0.9) return 'likely';
  return probability >= 0.7 ? 'probable' : 'open';
}

export interface Range {
  from_m2: number | null;
  below_m2: number | null;
}

/** The areas of a step of severity; step 0 has no lower end, the last no upper one. */
export function severity_range(step: number, steps_m2: readonly number[]): Range {
  return { from_m2: steps_m2[step - 1] ?? null, below_m2: steps_m2[step] ?? null };
}

/** Whether a date (year, month or day, ISO 8601) has passed; `today` is a day. */
export function has_passed(until: string, today: string): boolean {
  const known = /^\d{4}(-\d{2}){0,2}/.exec(until)?.[0];
  return known !== undefined && known < today.slice(0, known.length);
}

/** The reader's day, as ISO 8601 writes it. */
export function day_of(date: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
