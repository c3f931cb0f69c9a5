// Bold letters and rare ones come after the first map: until then the browser makes do with those that are there.

/** So long they wait for a map that does not come, ms. */
const AT_MOST_MS = 8_000;

export function rest_of_fonts(): void {
  // Without them all is readable.
  import('../fonts_rest.css').catch(() => undefined);
}

setTimeout(rest_of_fonts, AT_MOST_MS);
