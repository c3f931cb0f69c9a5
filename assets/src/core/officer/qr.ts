// What a QR code on a crate or a document says: a farming area code, or the verification page of this server. A foreign address
// is never opened: only a code that stands in it is taken out, and that it was foreign is told.

export type Payload =
  /** `foreign`: the host that the code stood in an address of, if any. */
  | { is: 'code'; code: string; foreign: string | null }
  /** A path of this server. */
  | { is: 'verify'; path: string }
  | { is: 'foreign'; host: string }
  | { is: 'nothing' };

const MOST_LETTERS = 4_000;
const VERIFY = /^verify\/[\w.~-]{1,200}$/;

/** Patterns of whole codes as they are sought inside of a text. One that is no pattern here finds nothing. */
export function sought(patterns: readonly string[]): RegExp[] {
  return patterns.flatMap((pattern) => {
    const inner = pattern.replace(/^\^/, '').replace(/\$$/, '').replaceAll('(?P<', '(?<');
    try {
      return [new RegExp(`(?<![\\p{L}\\p{N}])(?:${inner})(?![\\p{L}\\p{N}])`, 'u')];
    } catch {
      return [];
    }
  });
}

/** `site`: where this page is from, as `https://host/below/`; `grammars`: as `sought` makes them. */
export function read_payload(text: string, site: string, grammars: readonly RegExp[]): Payload {
  const said = text.slice(0, MOST_LETTERS).trim();
  const address = address_of(said);
  const { origin, pathname: below } = new URL(site);
  const is_ours = address !== null && is_same(address, origin);
  if (is_ours && address.pathname.startsWith(below) && VERIFY.test(address.pathname.slice(below.length)))
    return { is: 'verify', path: address.pathname };
  const foreign = address && !is_ours ? address.host || address.protocol : null;
  const code = code_in(decoded(said), grammars);
  if (code !== null) return { is: 'code', code, foreign };
  if (foreign !== null) return { is: 'foreign', host: foreign };
  // What is short and has no spaces of lines may be a code that is misspelt: the check says so.
  return /^[\p{L}\d][\p{L}\d .–—-]{4,59}$/u.test(said) && /\d/.test(said)
    ? { is: 'code', code: said, foreign: null }
    : { is: 'nothing' };
}

const is_same = ({ origin, protocol }: URL, ours: string): boolean => /^https?:$/.test(protocol) && origin === ours;

function address_of(text: string): URL | null {
  if (!/^[a-z][a-z\d+.-]*:/i.test(text) && !/^www\./i.test(text)) return null;
  try {
    return new URL(/^www\./i.test(text) ? `https://${text}` : text);
  } catch {
    return null;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

function code_in(text: string, grammars: readonly RegExp[]): string | null {
  const tidied = text
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[-._\s\u2010-\u2015\u2212\u00b7]+/g, '-');
  for (const grammar of grammars) {
    const found = grammar.exec(tidied);
    if (found) return found[0];
  }
  return null;
}
