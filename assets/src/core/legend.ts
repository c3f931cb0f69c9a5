// A legend that filters: what a press does to the list of what is shown, where an empty list is everything.

const shown_of = (all: readonly string[], list: readonly string[]): readonly string[] =>
  list.length === 0 ? all : all.filter((key) => list.includes(key));

/** Whether all of `keys`, a row of the legend, are shown. */
export const is_shown = (all: readonly string[], list: readonly string[], keys: readonly string[]): boolean =>
  keys.every((key) => shown_of(all, list).includes(key));

function list_of(all: readonly string[], shown: readonly string[]): string[] {
  return shown.length === 0 || shown.length === all.length ? [] : [...shown];
}

/** Hides what is shown and shows what is hidden; the last one cannot be hidden: then everything is shown again. */
export function toggled(all: readonly string[], list: readonly string[], keys: readonly string[]): string[] {
  const now = shown_of(all, list);
  const next = is_shown(all, list, keys)
    ? now.filter((key) => !keys.includes(key))
    : all.filter((key) => now.includes(key) || keys.includes(key));
  return list_of(all, next);
}

/** Shows these alone; everything, where they are alone already. */
export function only(all: readonly string[], list: readonly string[], keys: readonly string[]): string[] {
  const now = shown_of(all, list);
  const alone = now.length === keys.length && keys.every((key) => now.includes(key));
  return alone
    ? []
    : list_of(
        all,
        all.filter((key) => keys.includes(key)),
      );
}
