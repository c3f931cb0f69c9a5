// Words of the figures for planning; loaded with them.
import type { Lang } from '../core/model.ts';
import type { Metric } from '../core/planning.ts';
import { filled } from './index.ts';

const vi = {
  about_no_epoch: 'Đất của các vùng và đất ấy liền nhau đến đâu; chưa có lớp sử dụng đất nên chưa biết phần đã mất.',
  core: 'Lõi sâu hơn (m)',
  core_hint: 'Đất nằm sâu hơn chừng này từ mép mảnh, từ 1 đến 1.000 m',
  no_unit: 'Ngoài các xã, phường',
  method: 'Cách tính từng cột',
  sure_of: 'Tính trên mọi vùng của cả thành phố, không theo bộ lọc; riêng dòng cuối theo các dòng của bảng.',
  sure_most: 'Nếu mọi thứ được để ngoài đều là mất đất, thì đất mất nhiều hơn con số ở đây nhiều nhất {area}.',
  sure_all: 'Không có gì bị để ngoài phần đất mất.',
  sure_none: 'không có',
  sure_n: '{n} mảnh · {area}',
  sure_slivers: 'Mảnh vụn',
  sure_tracks: 'Đường đồng và mương',
  sure_uncertain: 'Mảnh chưa chắc',
  sure_other_source: 'Chỉ ảnh cho thấy',
  sure_overlap: 'Vẽ chồng lên nhau',
  sure_small_patches: 'Phần còn lại quá vụn',
  why_slivers:
    'Nhỏ hơn {area} m², hoặc hẹp hơn {width} m mà chưa tới {narrow} m²: thường do nét vẽ lệch. Không tính là mất.',
  why_tracks: 'Đường và mương hẹp, phục vụ chính việc trồng trọt. Không tính là mất.',
  why_uncertain: 'Sai số của nét vẽ cũng đủ tạo ra mảnh như vậy. Không tính là mất; nên xem thực địa.',
  why_other_source: 'Ảnh ô lưới của cùng năm thấy đã mất, bản đồ vẽ thì không. Không tính là mất; nên xem thực địa.',
  why_overlap: 'Lớp sử dụng đất vẽ cùng một chỗ nhiều lần. Chỉ tính một lần.',
  why_small_patches: 'Quá nhỏ để là một mảnh: có trong diện tích còn lại, không có trong số mảnh.',
  n_zones: 'Số vùng',
  area_m2: 'Diện tích (ha)',
  lost_m2: 'Đã mất (ha)',
  remaining_m2: 'Còn lại (ha)',
  not_seen_m2: 'Chưa thấy (ha)',
  n_patches: 'Số mảnh',
  mean_patch_m2: 'Mảnh trung bình (ha)',
  largest_patch_m2: 'Mảnh lớn nhất (ha)',
  largest_patch_share: 'Phần của mảnh lớn nhất',
  effective_mesh_m2: 'Mắt lưới hữu hiệu (ha)',
  edge_m_per_ha: 'Đường mép (m/ha)',
  core_m2: 'Đất lõi (ha)',
  proximity: 'Độ gần nhau',
  of_n_zones: 'Số vùng trong dòng',
  of_area_m2: 'Diện tích các vùng, trước khi mất',
  of_lost_m2: 'Đất trong các vùng đã đổi mục đích đến năm ấy',
  of_remaining_m2: 'Diện tích trừ phần đã mất',
  of_not_seen_m2: 'Đất mà lớp của năm ấy không cho thấy: không biết đã mất hay chưa',
  of_n_patches: 'Số mảnh đất liền của phần còn lại',
  of_mean_patch_m2: 'Tổng diện tích mảnh chia số mảnh',
  of_largest_patch_m2: 'Diện tích mảnh lớn nhất',
  of_largest_patch_share: 'Mảnh lớn nhất chiếm bao nhiêu đất của các vùng, tính cả phần đã mất',
  of_effective_mesh_m2: 'Trung bình, một điểm bất kỳ trong các vùng nằm trong mảnh rộng chừng này (Jaeger 2000)',
  of_edge_m_per_ha: 'Độ dài mọi mép của các mảnh trên mỗi hecta',
  of_core_m2: 'Đất nằm sâu hơn {core} m từ mép mảnh',
  of_proximity:
    'Các mảnh lớn và gần nhau đến đâu trong {search} m: không có đơn vị, càng lớn càng liền (Gustafson & Parker 1992)',
} satisfies Record<Metric | `of_${Metric}`, string> & Record<string, string>;

export type PlanningKey = keyof typeof vi;

const en: Record<PlanningKey, string> = {
  about_no_epoch: 'Land of the zones and how much of it lies together; without land use nothing is known to be lost.',
  core: 'Core deeper than (m)',
  core_hint: 'Land deeper inside a patch than this, 1 to 1,000 m',
  no_unit: 'Outside the communes',
  method: 'How each column is computed',
  sure_of: 'Of all zones of the city, whatever the filter; the last line is of the rows of the table.',
  sure_most: 'Had everything that was left out been lost, the loss would be larger than shown by at most {area}.',
  sure_all: 'Nothing was left out of the loss.',
  sure_none: 'none',
  sure_n: '{n} pieces · {area}',
  sure_slivers: 'Slivers',
  sure_tracks: 'Field tracks and ditches',
  sure_uncertain: 'Uncertain pieces',
  sure_other_source: 'Seen in the raster only',
  sure_overlap: 'Drawn over each other',
  sure_small_patches: 'Crumbs of what is left',
  why_slivers:
    'Smaller than {area} m², or narrower than {width} m and below {narrow} m²: mostly lines drawn a little off. Not counted as lost.',
  why_tracks: 'Narrow roads and water that serve the fields. Not counted as lost.',
  why_uncertain: 'Errors of drawing alone could make such a piece. Not counted as lost; worth a look on site.',
  why_other_source:
    'The raster of the same year shows it as lost, the drawn map does not. Not counted as lost; worth a look on site.',
  why_overlap: 'Land use draws the same place more than once. Counted once.',
  why_small_patches: 'Too small to be a patch: in the area that is left, not among the patches.',
  n_zones: 'Zones',
  area_m2: 'Area (ha)',
  lost_m2: 'Lost (ha)',
  remaining_m2: 'Left (ha)',
  not_seen_m2: 'Not seen (ha)',
  n_patches: 'Patches',
  mean_patch_m2: 'Mean patch (ha)',
  largest_patch_m2: 'Largest patch (ha)',
  largest_patch_share: 'Share of the largest patch',
  effective_mesh_m2: 'Effective mesh (ha)',
  edge_m_per_ha: 'Edge (m/ha)',
  core_m2: 'Core (ha)',
  proximity: 'Proximity',
  of_n_zones: 'How many zones the row is of',
  of_area_m2: 'Area of the zones before any loss',
  of_lost_m2: 'Land inside them that is of another use by then',
  of_remaining_m2: 'Area less what was lost',
  of_not_seen_m2: 'Land of which the epoch shows nothing: whether it was lost is not known',
  of_n_patches: 'Connected pieces of what is left',
  of_mean_patch_m2: 'Land of all patches by their number',
  of_largest_patch_m2: 'Area of the largest patch',
  of_largest_patch_share: 'How much of the zones’ land, lost land included, the largest patch is',
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
