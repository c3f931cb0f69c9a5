// The desk as features for the map: which zones are drawn anew, and the marks over them.
import { Eye, type Feature, type Handle } from '../../core/edit/scene.ts';
import type { Xy, ZoneShape } from '../../core/edit/shape.ts';
import type { Desk } from './desk_state.svelte.ts';

/** Zones that are selected, changed, gone, or would change by the drag that is under way. */
export function changed_features(desk: Desk, eye: Eye): Feature[] {
  const { draft, preview, selection } = desk;
  const ids = new Set([...draft.touched(), ...selection, ...(preview?.keys() ?? [])]);
  return [...ids].flatMap((id) => {
    const now = preview?.get(id) ?? draft.ground.zone(id);
    const shown = now ?? draft.base(id);
    if (!shown) return [];
    const selected = selection.includes(id);
    const color = desk.app.color(shown.properties.kind);
    return [eye.zone(shown, { color, selected, gone: now === null, stale: draft.stale.has(id) })];
  });
}

export function mark_features(desk: Desk, eye: Eye, found: readonly Handle[]): Feature[] {
  const { pen, vertex, drawn, issue_at, crossing } = desk;
  const features: Feature[] = [];
  if (drawn.length > 0) features.push(eye.land('land', drawn));
  if (pen.use) features.push(...pen_features(desk, eye));
  for (const { at, edge } of found) features.push(eye.mark(edge ? 'middle' : 'corner', at));
  if (vertex) features.push(eye.mark('chosen', vertex));
  if (desk.snapped && desk.snapped.on !== 'free') features.push(eye.mark('snap', desk.snapped.at));
  const places = [issue_at, crossing?.at ?? null, ...desk.saving.issues.map((issue) => issue.at_xy)];
  for (const at of places) if (at) features.push(eye.mark('issue', at));
  return features;
}

function pen_features({ pen, draft }: Desk, eye: Eye): Feature[] {
  const { line, hover, placed } = pen;
  const features: Feature[] = [];
  const ahead: Xy[] = hover ? [...pen.way_to(hover, draft.ground), hover.at] : [];
  const whole = [...line, ...ahead];
  if (pen.is_area && whole.length >= 3) features.push(eye.land('land', [[...whole, whole[0] as Xy]]));
  if (line.length >= 2) features.push(eye.line('line', line));
  const last = line.at(-1);
  if (last && ahead.length > 0) features.push(eye.line('ghost', [last, ...ahead]));
  for (const { snap } of placed) features.push(eye.mark('placed', snap.at));
  if (hover && hover.on !== 'free') features.push(eye.mark('snap', hover.at));
  return features;
}

/** Tells which borders of the land came, changed or went since it was asked last. */
export class Borders {
  readonly #eye: Eye;
  #drawn = new Map<string, ZoneShape>();

  constructor(eye: Eye) {
    this.#eye = eye;
  }

  news(zones: Iterable<ZoneShape>): { put: Feature[]; take: number[] } {
    const now = new Map<string, ZoneShape>();
    const put: Feature[] = [];
    for (const zone of zones) {
      now.set(zone.id, zone);
      if (this.#drawn.get(zone.id) !== zone) put.push(this.#eye.zone(zone, {}));
    }
    const take = [...this.#drawn.keys()].filter((id) => !now.has(id)).map((id) => this.#eye.number(id));
    this.#drawn = now;
    return { put, take };
  }
}
