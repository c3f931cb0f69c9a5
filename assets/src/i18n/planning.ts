// Words of the figures for planning; loaded with them.
import type { Lang } from '../core/model.ts';
import type { Column } from '../core/planning.ts';
import { filled } from './index.ts';

const vi = {
  title: 'Số liệu quy hoạch',
  about:
    'Đất còn lại của các vùng đến năm {epoch}, và đất ấy liền nhau đến đâu: mảnh là những vùng giáp nhau sau khi trừ đất đã mất.',
  about_no_epoch: 'Đất của các vùng và đất ấy liền nhau đến đâu; chưa có lớp sử dụng đất nên chưa biết phần đã mất.',
  by: 'Mỗi dòng là',
  kind: 'Loại vùng',
  unit: 'Xã, phường',
  core: 'Lõi sâu hơn (m)',
  core_hint: 'Đất nằm sâu hơn chừng này từ mép mảnh, từ 1 đến 1.000 m',
  loading: 'Đang tính… Lần đầu có thể mất vài chục giây.',
  failed_title: 'Chưa tính được',
  failed: 'Máy chủ chưa trả lời được. Hãy thử lại.',
  no_rows_title: 'Không có vùng nào',
  no_rows: 'Bộ lọc đang chọn không giữ lại vùng nào.',
  no_unit: 'Ngoài các xã, phường',
  table: 'Số liệu quy hoạch theo {by}; bấm vào tên cột để sắp xếp',
  csv: 'Tải bảng (CSV)',
  method: 'Cách tính từng cột',
  close: 'Đóng',
  n_zones: 'Số vùng',
  area_m2: 'Diện tích (ha)',
  lost_m2: 'Đã mất (ha)',
  remaining_m2: 'Còn lại (ha)',
  not_seen_m2: 'Chưa thấy (ha)',
  target_share: 'So với chỉ tiêu',
  n_patches: 'Số mảnh',
  mean_patch_m2: 'Mảnh trung bình (ha)',
  largest_patch_m2: 'Mảnh lớn nhất (ha)',
  effective_mesh_m2: 'Mắt lưới hữu hiệu (ha)',
  edge_m_per_ha: 'Đường mép (m/ha)',
  core_m2: 'Đất lõi (ha)',
  proximity: 'Độ gần nhau',
  of_n_zones: 'Số vùng trong dòng',
  of_area_m2: 'Diện tích các vùng, trước khi mất',
  of_lost_m2: 'Đất trong các vùng đã đổi mục đích đến năm ấy',
  of_remaining_m2: 'Diện tích trừ phần đã mất',
  of_not_seen_m2: 'Đất mà lớp của năm ấy không cho thấy: không biết đã mất hay chưa',
  of_target_share: 'Phần còn lại so với chỉ tiêu của thành phố',
  of_n_patches: 'Số mảnh đất liền của phần còn lại',
  of_mean_patch_m2: 'Tổng diện tích mảnh chia số mảnh',
  of_largest_patch_m2: 'Diện tích mảnh lớn nhất',
  of_effective_mesh_m2: 'Trung bình, một điểm bất kỳ trong các vùng nằm trong mảnh rộng chừng này (Jaeger 2000)',
  of_edge_m_per_ha: 'Độ dài mọi mép của các mảnh trên mỗi hecta',
  of_core_m2: 'Đất nằm sâu hơn {core} m từ mép mảnh',
  of_proximity:
    'Các mảnh lớn và gần nhau đến đâu trong {search} m: không có đơn vị, càng lớn càng liền (Gustafson & Parker 1992)',
} satisfies Record<Column | `of_${Column}`, string> & Record<string, string>;

export type PlanningKey = keyof typeof vi;

const en: Record<PlanningKey, string> = {
  title: 'Figures for planning',
  about:
    'Land that the zones have left by {epoch}, and how much of it lies together: a patch is land of zones that touch, without what was lost.',
  about_no_epoch: 'Land of the zones and how much of it lies together; without land use nothing is known to be lost.',
  by: 'A row is',
  kind: 'A kind',
  unit: 'A commune',
  core: 'Core deeper than (m)',
  core_hint: 'Land deeper inside a patch than this, 1 to 1,000 m',
  loading: 'Computing… The first time may take some tens of seconds.',
  failed_title: 'Not computed',
  failed: 'The server could not answer. Try again.',
  no_rows_title: 'No zones',
  no_rows: 'The filter leaves no zone.',
  no_unit: 'Outside the communes',
  table: 'Figures for planning by {by}; choose a column to sort by it',
  csv: 'Download the table (CSV)',
  method: 'How each column is computed',
  close: 'Close',
  n_zones: 'Zones',
  area_m2: 'Area (ha)',
  lost_m2: 'Lost (ha)',
  remaining_m2: 'Left (ha)',
  not_seen_m2: 'Not seen (ha)',
  target_share: 'Of the target',
  n_patches: 'Patches',
  mean_patch_m2: 'Mean patch (ha)',
  largest_patch_m2: 'Largest patch (ha)',
  effective_mesh_m2: 'Effective mesh (ha)',
  edge_m_per_ha: 'Edge (m/ha)',
  core_m2: 'Core (ha)',
  proximity: 'Proximity',
  of_n_zones: 'How many zones the row is of',
  of_area_m2: 'Area of the zones before any loss',
  of_lost_m2: 'Land inside them that is of another use by then',
  of_remaining_m2: 'Area less what was lost',
  of_not_seen_m2: 'Land of which the epoch shows nothing: whether it was lost is not known',
  of_target_share: 'What is left against the target of the city',
  of_n_patches: 'Connected pieces of what is left',
  of_mean_patch_m2: 'Land of all patches by their number',
  of_largest_patch_m2: 'Area of the largest patch',
  of_effective_mesh_m2: 'A place of the zones taken at random lies in a patch of this size, on average (Jaeger 2000)',
  of_edge_m_per_ha: 'Length of all borders of the patches on each hectare',
  of_core_m2: 'Land deeper than {core} m inside a patch',
  of_proximity:
    'How large and near patches within {search} m are: without a unit, more is closer (Gustafson & Parker 1992)',
};

export const PLANNING_WORDS: Record<Lang, Record<PlanningKey, string>> = { vi, en };

export function say_planning(lang: Lang, key: PlanningKey, values: Record<string, string | number> = {}): string {
  return filled(PLANNING_WORDS[lang][key], lang, values);
}
