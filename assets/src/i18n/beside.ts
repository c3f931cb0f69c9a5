// Words of two years side by side, loaded with them.
import type { Lang } from '../core/model.ts';

const vi = {
  map_of: 'Bản đồ năm {epoch}, bên trái vạch',
  divider: 'Vạch kéo giữa năm {a} và năm {b}',
  divider_at: '{n} % chiều ngang',
  left: 'Năm bên trái',
  right: 'Năm bên phải',
  close: 'Thôi so sánh hai năm',
  failed: 'Không tải được bản đồ của năm kia.',
};

export type BesideKey = keyof typeof vi;

const en: Record<BesideKey, string> = {
  map_of: 'Map of {epoch}, left of the divider',
  divider: 'Divider between {a} and {b}',
  divider_at: '{n} % of the width',
  left: 'Year at the left',
  right: 'Year at the right',
  close: 'Stop comparing two years',
  failed: 'The map of the other year could not be loaded.',
};

export const BESIDE_WORDS: Record<Lang, Record<BesideKey, string>> = { vi, en };
