// Words of the instruments over the map, loaded with them.
import type { Lang } from '../core/model.ts';

const vi = {
  place: 'Vị trí đã tìm',
  near: 'Vị trí của bạn',
  finding: 'Đang tìm vị trí…',
  denied: 'Trình duyệt không được phép biết vị trí. Hãy cho phép trong cài đặt trang.',
  unavailable: 'Thiết bị chưa tìm được vị trí. Hãy thử ngoài trời.',
  accuracy: 'Sai số ±{m}',
  copy: 'Chép tọa độ',
  close: 'Đóng',
  measure: 'Đo trên bản đồ',
  measure_hint: 'Bấm vào bản đồ để thêm điểm; bằng phím: mũi tên để dời bản đồ, Enter thêm điểm ở giữa.',
  length: 'Chiều dài',
  perimeter: 'Chu vi',
  area: 'Diện tích',
  undo: 'Bỏ điểm cuối',
  clear: 'Đo lại',
  measured_on: 'Đo trên lưới {crs}',
};

export type InstrumentKey = keyof typeof vi;

const en: Record<InstrumentKey, string> = {
  place: 'The place you looked up',
  near: 'Where you are',
  finding: 'Finding your position…',
  denied: 'The browser may not tell the position. Allow it in the settings of the page.',
  unavailable: 'The device did not find its position. Try outdoors.',
  accuracy: 'Accurate to ±{m}',
  copy: 'Copy the coordinates',
  close: 'Close',
  measure: 'Measure on the map',
  measure_hint: 'Click the map to add points; with keys: arrows move the map, Enter adds the point in the middle.',
  length: 'Length',
  perimeter: 'Perimeter',
  area: 'Area',
  undo: 'Remove the last point',
  clear: 'Measure anew',
  measured_on: 'Measured on the grid of {crs}',
};

export const INSTRUMENT_WORDS: Record<Lang, Record<InstrumentKey, string>> = { vi, en };
