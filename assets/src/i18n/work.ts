// Words of the row of desks that signed-in people open; apart from the others because they are loaded with it.
import type { Lang } from '../core/model.ts';

const vi = {
  desks: 'Bàn làm việc',
  edit: 'Chỉnh sửa vùng',
  history: 'Lịch sử',
};

export type WorkKey = keyof typeof vi;

const en: Record<WorkKey, string> = {
  desks: 'Desks',
  edit: 'Edit zones',
  history: 'History',
};

export const WORK_WORDS: Record<Lang, Record<WorkKey, string>> = { vi, en };
