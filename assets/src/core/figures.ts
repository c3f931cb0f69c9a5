// What the figures card draws: bars against the target, shares of the loss by right.
import type { KindFigures, Right, RightFigures } from './model.ts';
import { RIGHTS } from './model.ts';

export interface Bar {
  /** Shares of the full width, 0 to 1. */
  kept: number;
  lost: number;
  /** Where the target stands; null without one. */
  target: number | null;
}

/** The full bar is the target, or what is drawn where that is more or no target is set. */
export function bar(figures: Pick<KindFigures, 'area_m2' | 'lost_m2' | 'target_m2'>): Bar {
  const full = Math.max(figures.target_m2 ?? 0, figures.area_m2);
  if (full <= 0) return { kept: 0, lost: 0, target: null };
  const lost_m2 = Math.min(figures.lost_m2 ?? 0, figures.area_m2);
  return {
    kept: (figures.area_m2 - lost_m2) / full,
    lost: lost_m2 / full,
    target: figures.target_m2 === null ? null : figures.target_m2 / full,
  };
}

/** Rights in the order of the legend, each once, those without a piece left out. */
export function rights_in_order(rights: readonly RightFigures[]): RightFigures[] {
  const place = (right: string) => {
    const at = RIGHTS.indexOf(right as Right);
    return at < 0 ? RIGHTS.length : at;
  };
  return rights.filter((right) => right.n_events > 0).sort((a, b) => place(a.right) - place(b.right));
}

/** Which colour stands for a right: the same four in the style, the legend and the card. */
export function right_tone(right: string): 'unplanned' | 'planned' | 'allowed' | 'unknown' {
  switch (right) {
    case 'unplanned':
      return 'unplanned';
    case 'planned':
      return 'planned';
    case 'permitted':
    case 'farm_structure':
    case 'legacy':
      return 'allowed';
    default:
      return 'unknown';
  }
}
