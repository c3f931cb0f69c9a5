// Words of the row of desks that signed-in people open; apart from the others because they are loaded with it.
import type { Lang } from '../core/model.ts';

const vi = {
  desks: 'Bàn làm việc',
  check: 'Kiểm tra mã số',
  alerts: 'Cảnh báo',
  register: 'Sổ mã số',
  edit: 'Chỉnh sửa vùng',
  plans: 'Kịch bản',
  drop: 'Thêm tệp',
  drop_here: 'Thả tệp vào đây',
  drop_not_here: 'Hãy rời bàn này trước khi thả tệp',
  history: 'Lịch sử',
};

export type WorkKey = keyof typeof vi;

const en: Record<WorkKey, string> = {
  desks: 'Desks',
  check: 'Check codes',
  alerts: 'Alerts',
  register: 'Code register',
  edit: 'Edit zones',
  plans: 'Plans',
  drop: 'Add a file',
  drop_here: 'Drop the file here',
  drop_not_here: 'Leave this desk before you drop a file',
  history: 'History',
};

export const WORK_WORDS: Record<Lang, Record<WorkKey, string>> = { vi, en };
