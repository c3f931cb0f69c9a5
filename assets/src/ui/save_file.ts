/** Hands a table as text to the browser as a file to save. */
export function save_file(name: string, text: string): void {
  save_blob(name, new Blob([text], { type: 'text/csv;charset=utf-8' }));
}

export function save_blob(name: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // Some browsers read it a while later.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
