// The only door to the QR decoder: what a picture or a frame of the camera says.
import decode from 'qr/decode.js';

/** Longer sides are drawn smaller: the finest module of a readable code is still some pixels wide. */
const SIDES_PX = { picture: [1600, 800, 3200], frame: [800] } as const;
const PATIENCE_MS = { picture: 1_500, frame: 60 } as const;

/** The text of the first QR code that is found; null when there is none. */
export function qr_in(
  source: CanvasImageSource,
  width: number,
  height: number,
  of: 'picture' | 'frame',
): string | null {
  for (const side of SIDES_PX[of]) {
    const pixels = pixels_of(source, width, height, side);
    if (!pixels) continue;
    try {
      return decode(pixels, { timeLimit: PATIENCE_MS[of], effort: of === 'picture' ? 3 : 1 });
    } catch {
      // No code is seen at this size.
    }
  }
  return null;
}

function pixels_of(source: CanvasImageSource, width: number, height: number, side: number): ImageData | null {
  const scale = Math.min(1, side / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  if (!pen) return null;
  // What is transparent is paper.
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(source, 0, 0, canvas.width, canvas.height);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}
