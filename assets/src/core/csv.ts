// Tables as files for spreadsheets.
import type { Lang } from './model.ts';

export type Cell = string | number | null;

/** Lines of cells for a spreadsheet of that language, with the mark by which it knows UTF-8: it takes a comma in numbers, and then semicolons between cells. */
export function csv(lines: readonly (readonly Cell[])[], lang: Lang): string {
  const between = lang === 'vi' ? ';' : ',';
  const cell = (value: Cell): string => {
    if (value === null) return '';
    if (typeof value === 'number') return lang === 'vi' ? String(value).replace('.', ',') : String(value);
    // A text that begins as a formula does must stay a text.
    const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /["\n\r;,]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `\ufeff${lines.map((line) => line.map(cell).join(between)).join('\r\n')}\r\n`;
}
