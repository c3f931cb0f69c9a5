// Words of the links to dossiers. Loaded with the cards.
import type { Lang } from '../core/model.ts';

export const DOSSIER_WORDS: Record<Lang, { label: string; hint: string; page: string }> = {
  vi: {
    label: 'Hồ sơ',
    hint: 'Bản đồ, tọa độ, căn cứ, nguồn; có mã kiểm tra',
    page: 'Chuyện gì đã xảy ra ở đây',
  },
  en: { label: 'Dossier', hint: 'Maps, coordinates, evidence, sources; verifiable', page: 'What happened here' },
};
