// Words of the row of desks that signed-in people open; apart from the others because they are loaded with it.
import type { Lang } from '../core/model.ts';

const vi = {
  desks: 'Bàn làm việc',
  edit: 'Chỉnh sửa vùng',
  plans: 'Kịch bản',
  drop: 'Thêm tệp',
  drop_here: 'Thả tệp vào đây để xem trên bản đồ',
  drop_not_here: 'Hãy rời bàn này trước khi thả tệp',
  history: 'Lịch sử',
};

export type WorkKey = keyof typeof vi;

const en: Record<WorkKey, string> = {
  desks: 'Desks',
  edit: 'Edit zones',
  plans: 'Plans',
  drop: 'Add a file',
  drop_here: 'Drop the file to see it on the map',
  drop_not_here: 'Leave this desk before you drop a file',
  history: 'History',
};

export const WORK_WORDS: Record<Lang, Record<WorkKey, string>> = { vi, en };
