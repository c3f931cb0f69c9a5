// Matching names as people type them: marks that were not typed do not matter, those that were typed do.

/** Lower case, composed, single spaces. */
export function normal(text: string): string {
  return text.normalize('NFC').toLowerCase().replace(/\s+/g, ' ').trim();
}

/** Base letters with the marks typed on each, so that a query can ask for some and leave others. */
function letters(text: string): [base: string, marks: string][] {
  return [...normal(text)].map((letter) => {
    const parts = letter.normalize('NFD');
    return letter === 'đ' ? ['d', 'đ'] : [parts.slice(0, 1), [...parts.slice(1)].sort().join('')];
  });
}

/** Where `query` first matches in `text`, counted in letters; -1 when it does not. */
export function match_at(text: string, query: string): number {
  const wanted = letters(query);
  const given = letters(text);
  for (let start = 0; start + wanted.length <= given.length; start++) {
    const fits = wanted.every(([base, marks], i) => {
      const at = given[start + i];
      return at !== undefined && at[0] === base && [...marks].every((mark) => at[1].includes(mark));
    });
    if (fits) return start;
  }
  return -1;
}

export interface Named {
  name: string;
  code: string;
  full_name?: string | null;
  /** What it was called before, or what it was made of. */
  former_names?: readonly string[];
}

/** The items that hold `query` in a name: those whose own begins with it first, then where a word does, then by name; those that another name brings come last. */
export function matching<T extends Named>(items: readonly T[], query: string): T[] {
  if (normal(query) === '') return [...items];
  const ranked = items.flatMap((item) => {
    if (item.code.toLowerCase() === normal(query)) return [{ item, rank: 0 }];
    const at = match_at(item.name, query);
    if (at < 0) return other_names(item).some((name) => match_at(name, query) >= 0) ? [{ item, rank: 4 }] : [];
    const word_start = at === 0 || [...normal(item.name)][at - 1] === ' ';
    return [{ item, rank: at === 0 ? 1 : word_start ? 2 : 3 }];
  });
  ranked.sort((a, b) => a.rank - b.rank || a.item.name.localeCompare(b.item.name, 'vi'));
  return ranked.map(({ item }) => item);
}

/** The former name that holds `query`, where no present one does. */
export function former_name(item: Named, query: string): string | null {
  if (normal(query) === '' || item.code.toLowerCase() === normal(query)) return null;
  if (match_at(item.name, query) >= 0) return null;
  const found = other_names(item).find((name) => match_at(name, query) >= 0);
  return found === undefined || found === item.full_name ? null : found;
}

const other_names = ({ full_name, former_names = [] }: Named): string[] => [full_name ?? '', ...former_names];
