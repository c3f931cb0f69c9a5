/** Hands a table as text to the browser as a file to save. */
export function save_file(name: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
  link.download = name;
  link.click();
  // Some browsers read it a while later.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
