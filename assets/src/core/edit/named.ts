// The server knows zones by their ids, people by their names.

/** The text with ids as whole words replaced by “names”; an id of digits alone could be an area and is left. */
export function named(text: string, names: ReadonlyMap<string, string>): string {
  return [...names].reduce((said, [id, name]) => {
    if (/^[\d.,]*$/.test(id) || name === id) return said;
    const plain = id.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return said.replace(new RegExp(`(?<![\\p{L}\\d_-])${plain}(?![\\p{L}\\d_-])`, 'gu'), () => `“${name}”`);
  }, text);
}
