// The map as a PNG that stands alone: below it what it is of, a scale bar, the date, and that it is simulated where it is.
import { scale_bar } from '../../core/scale.ts';
import type { Camera } from '../../core/view_link.ts';

interface Around {
  title: string;
  /** What is shown, by whom, of when, under what terms. */
  notes: readonly string[];
  /** Over the map's corner; null where the data is real. */
  mark: string | null;
  camera: Camera;
  length: (metres: number) => string;
}

const [MARGIN, LINE, BAR_PX] = [14, 18, 120];

/** Text in lines that are no wider than there is room. */
function lines_of(pen: CanvasRenderingContext2D, text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && pen.measureText(longer).width > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return line === '' ? lines : [...lines, line];
}

export async function as_png(map: HTMLCanvasElement, width_px: number, around: Around): Promise<Blob> {
  const { title, notes, mark, camera, length } = around;
  const root = getComputedStyle(document.documentElement);
  const color = (name: string) => root.getPropertyValue(name).trim();
  const family = getComputedStyle(document.body).fontFamily;
  const page = document.createElement('canvas');
  const pen = page.getContext('2d');
  if (pen === null) throw new Error('no canvas');
  // In the page's pixels; a finer screen has several of its own for each.
  const finer = map.width / width_px;
  const height_px = map.height / finer;
  const font = (size: number, weight = 400) => (pen.font = `${weight} ${size}px ${family}`);
  const room = width_px - 2 * MARGIN;
  font(15, 600);
  const titles = lines_of(pen, title, room);
  font(12);
  const told = notes.filter(Boolean).flatMap((note) => lines_of(pen, note, room));
  const foot = 2 * MARGIN + 26 + titles.length * 20 + told.length * LINE;
  [page.width, page.height] = [map.width, Math.ceil((height_px + foot) * finer)];
  pen.fillStyle = color('--card');
  pen.fillRect(0, 0, page.width, page.height);
  pen.drawImage(map, 0, 0);
  pen.scale(finer, finer);
  pen.textBaseline = 'alphabetic';

  if (mark !== null) {
    font(13, 600);
    const width = pen.measureText(mark).width + 20;
    pen.fillStyle = color('--card');
    pen.fillRect(MARGIN, MARGIN, width, 28);
    pen.fillStyle = color('--ink');
    pen.fillText(mark, MARGIN + 10, MARGIN + 19);
  }

  let y = height_px + MARGIN + 14;
  pen.fillStyle = color('--ink');
  font(15, 600);
  for (const line of titles) {
    pen.fillText(line, MARGIN, y);
    y += 20;
  }
  // True at the latitude of the map's middle.
  const bar = scale_bar(camera.zoom, camera.lat, BAR_PX);
  pen.strokeStyle = color('--ink');
  pen.lineWidth = 1.5;
  pen.beginPath();
  pen.moveTo(MARGIN, y - 6);
  pen.lineTo(MARGIN, y);
  pen.lineTo(MARGIN + bar.width_px, y);
  pen.lineTo(MARGIN + bar.width_px, y - 6);
  pen.stroke();
  font(12);
  pen.fillText(length(bar.length_m), MARGIN + bar.width_px + 8, y);
  y += 8 + LINE;
  pen.fillStyle = color('--muted');
  for (const line of told) {
    pen.fillText(line, MARGIN, y);
    y += LINE;
  }
  return await new Promise((resolve, reject) =>
    page.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/png'),
  );
}
