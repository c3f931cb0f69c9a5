// What is to be said of a feature of a file, in the reader's language; in the server's words where the page has none.
import type { FileIssue } from '../../core/edit/dropped.ts';
import type { Lang } from '../../core/model.ts';
import { format_number } from '../../core/numbers.ts';
import { say_drop, word_of } from '../../i18n/drop.ts';

export function issue_text(lang: Lang, { code, message, area_before_m2, area_after_m2 }: FileIssue): string {
  const text = word_of(lang, 'issue', code) ?? message;
  if (area_before_m2 === undefined || area_after_m2 === undefined) return text;
  const [before, after] = [area_before_m2, area_after_m2].map((m2) => format_number(m2, lang, 1));
  return before === after
    ? text
    : `${text} (${say_drop(lang, 'area_repaired', { before: before ?? '', after: after ?? '' })})`;
}
