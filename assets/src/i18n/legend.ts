// Words of the legend that filters and of the basemap, loaded with the layers.
import type { Lang } from '../core/model.ts';

const vi = {
  hint: 'Bấm để ẩn hoặc hiện trên bản đồ, trong danh sách và bảng.',
  only: 'chỉ',
  only_of: 'Chỉ hiện {name}',
  all: 'Hiện tất cả',
  groups: 'Đất mất thành',
  basemap_failed: 'Không tải được bản đồ nền: máy chủ của nó không trả lời hoặc trả lời không đúng.',
};

export type LegendKey = keyof typeof vi;

const en: Record<LegendKey, string> = {
  hint: 'Press to hide or show, on the map, in the list and in the table.',
  only: 'only',
  only_of: 'Show {name} only',
  all: 'Show all',
  groups: 'What the land lost became',
  basemap_failed: 'The basemap could not be loaded: its server does not answer, or not with a map.',
};

export const LEGEND_WORDS: Record<Lang, Record<LegendKey, string>> = { vi, en };
