// The map as it is drawn, taken along as a picture.
import type { FarmMap } from './farm_map.ts';

/**
 * Copies what the map shows. What it is drawn with is kept only until the browser shows it: the copy is taken while a
 * frame is being drawn, so that the map need not keep every frame for the sake of one picture.
 */
export function picture_of(map: FarmMap): Promise<HTMLCanvasElement> {
  const drawn = map.lend();
  return new Promise<HTMLCanvasElement>((resolve, reject) => {
    drawn.once('render', () => {
      const from = drawn.getCanvas();
      const copy = document.createElement('canvas');
      [copy.width, copy.height] = [from.width, from.height];
      const pen = copy.getContext('2d');
      if (pen === null) return reject(new Error('no canvas'));
      pen.drawImage(from, 0, 0);
      resolve(copy);
    });
    drawn.triggerRepaint();
  }).finally(() => map.take_back());
}
