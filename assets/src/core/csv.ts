// Tables as files for spreadsheets.

export type Cell = string | number | null;

/** RFC 4180 with the mark by which spreadsheets know UTF-8. */
export function csv(lines: readonly (readonly Cell[])[]): string {
  return `\ufeff${lines.map((line) => line.map(csv_cell).join(',')).join('\r\n')}\r\n`;
}

function csv_cell(value: Cell): string {
  const text = value === null ? '' : String(value);
  // A cell that begins like a formula would be computed by a spreadsheet.
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
