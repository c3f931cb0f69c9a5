// A chart as a file: the drawing with its colours written into it, a title above and where the figures come from below.

const SVG = 'http://www.w3.org/2000/svg';
/** What a drawing takes from the page's style sheets. */
const WRITTEN = ['fill', 'stroke', 'font-size', 'font-weight', 'font-family'] as const;
const [MARGIN, LINE_PX, SCALE] = [16, 18, 2];
/** Letters of 12 px in a line of this width, about. */
const LETTER_PX = 6.6;

/** Text in lines of at most so many letters. */
function lines_of(text: string, most: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + word.length + 1 > most) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}

interface Around {
  title: string;
  /** What the fills stand for: a sign and its name each. */
  signs: readonly HTMLElement[];
  note: string;
}

interface Picture {
  text: string;
  size: [width: number, height: number];
}

/** `drawing` as a picture that stands alone. */
export function as_svg(drawing: SVGSVGElement, { title, signs, note }: Around): Picture {
  const { paddingLeft, left, right, top, bottom } = reach_of(drawing);
  const width = Math.ceil(right - left) + 2 * MARGIN;
  const notes = lines_of(note, Math.floor((width - 2 * MARGIN) / LETTER_PX));
  const head = MARGIN + LINE_PX + 8;
  const foot = head + Math.ceil(bottom - top) + MARGIN;
  const height = foot + (signs.length + notes.length) * LINE_PX + MARGIN;
  const page = document.createElementNS(SVG, 'svg');
  page.setAttribute('xmlns', SVG);
  page.setAttribute('viewBox', `0 0 ${width} ${height}`);
  page.setAttribute('width', String(width));
  page.setAttribute('height', String(height));
  const style = getComputedStyle(drawing);
  const put_text = (text: string, y: number, size: number, weight: string, color: string, x = MARGIN) => {
    const line = document.createElementNS(SVG, 'text');
    const written = { x, y, 'font-size': `${size}px`, 'font-weight': weight, fill: color };
    for (const [name, value] of Object.entries(written)) line.setAttribute(name, String(value));
    line.setAttribute('font-family', style.fontFamily);
    line.textContent = text;
    page.append(line);
  };
  const root = getComputedStyle(document.documentElement);
  const ground = document.createElementNS(SVG, 'rect');
  ground.setAttribute('width', '100%');
  ground.setAttribute('height', '100%');
  ground.setAttribute('fill', root.getPropertyValue('--card').trim());
  page.append(ground);
  put_text(title, MARGIN + 12, 15, '600', root.getPropertyValue('--ink').trim());
  const chart = document.createElementNS(SVG, 'g');
  chart.setAttribute('transform', `translate(${MARGIN + paddingLeft} ${head - top})`);
  for (const child of drawing.children) chart.append(written(child));
  page.append(chart);
  signs.forEach((sign, i) => {
    const at = document.createElementNS(SVG, 'g');
    at.setAttribute('transform', `translate(${MARGIN} ${foot + i * LINE_PX - 11})`);
    for (const child of sign.querySelector('svg')?.children ?? []) at.append(written(child));
    page.append(at);
  });
  const muted = root.getPropertyValue('--muted').trim();
  const NAME_X = MARGIN + 24;
  signs.forEach((sign, i) => put_text(sign.innerText.trim(), foot + i * LINE_PX, 12, '400', muted, NAME_X));
  notes.forEach((line, i) => put_text(line, foot + (signs.length + i) * LINE_PX + 4, 12, '400', muted));
  return { text: new XMLSerializer().serializeToString(page), size: [width, height] };
}

/** How far a drawing goes beyond its own box: the axis stands outside of it. */
function reach_of(drawing: SVGSVGElement) {
  const box = drawing.getBoundingClientRect();
  const holder = drawing.parentElement?.getBoundingClientRect() ?? box;
  return {
    paddingLeft: box.left - holder.left,
    left: holder.left,
    right: holder.right,
    top: holder.top - box.top,
    bottom: holder.bottom - box.top,
  };
}

/** A copy whose colours and letters do not need a style sheet. */
function written(part: Element): Element {
  const copy = part.cloneNode(false) as Element;
  copy.removeAttribute('class');
  copy.removeAttribute('style');
  const style = getComputedStyle(part);
  for (const name of WRITTEN) {
    const value = style.getPropertyValue(name);
    // Patterns are named by a whole address, which another page does not have.
    if (value !== '') copy.setAttribute(name, value.replace(/url\("?[^#"]*#/, 'url(#').replace(/"\)$/, ')'));
  }
  for (const child of part.childNodes) copy.append(child instanceof Element ? written(child) : child.cloneNode());
  return copy;
}

/** The same as points, twice as fine; throws where the browser cannot. */
export async function as_png({ text, size: [width, height] }: Picture): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width * SCALE, height * SCALE];
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return await new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/png'),
  );
}
