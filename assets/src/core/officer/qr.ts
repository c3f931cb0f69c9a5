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
/** As zones/codes has the grammars, with the separators that occur in print. */
const CODES = [
  /\bVN[-. ]?[A-Z]{2}(?:OR|PH)[-. ]?\d{3,4}\b/i,
  /\b\d{2}-(?:PUC|PHC)-[A-Z0-9]{2,20}-\d{6}(?:-[A-Z]{3})?\b/i,
  /\bVN(?:[.-]\d{2,5}){3,4}[.-]\d{1,5}\b/i,
  /\b\d{2}-\d{2}-\d{4}-\d{3}\b/,
];
const VERIFY = /^\/verify\/[\w.~-]{1,200}$/;

/** `origin`: where this page is from, as `https://host`. */
export function read_payload(text: string, origin: string): Payload {
  const said = text.slice(0, MOST_LETTERS).trim();
  const address = address_of(said);
  if (address && VERIFY.test(address.pathname) && is_same(address, origin))
    return { is: 'verify', path: address.pathname };
  const foreign = address && !is_same(address, origin) ? address.host || address.protocol : null;
  const code = code_in(decoded(said));
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

function code_in(text: string): string | null {
  for (const grammar of CODES) {
    const found = grammar.exec(text.replace(/[–—]/g, '-'));
    if (found) return found[0].toUpperCase();
  }
  return null;
}
