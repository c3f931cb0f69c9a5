// Words of what shares the map: link, print, picture, code to embed. Loaded with the dialog.
import type { Lang } from '../core/model.ts';
import { filled } from './index.ts';

const vi = {
  title: 'Chia sẻ bản đồ',
  close: 'Đóng',
  link: 'Liên kết',
  link_hint: 'Ai mở liên kết sẽ thấy đúng như bạn đang thấy: vị trí, lớp, năm, bộ lọc, ngôn ngữ.',
  link_copy: 'Chép liên kết',
  pin: 'Ghim vào bản ghi {n} của dữ liệu',
  pin_hint: 'Khi dữ liệu đổi, liên kết vẫn cho thấy các vùng như hôm nay, hoặc nói rõ vì sao không thể.',
  print: 'In',
  paper: 'Khổ giấy',
  orientation: 'Hướng giấy',
  landscape: 'Ngang',
  portrait: 'Dọc',
  scale: 'Tỷ lệ',
  scale_seen: 'Vừa phần đang thấy',
  sheet_title: 'Tiêu đề',
  sheet_title_hint: 'Để trống: tên vùng, xã hoặc bản đồ',
  make_pdf: 'Tạo PDF',
  print_hint: 'Nét vẽ véc-tơ, đúng tỷ lệ, lưới VN-2000, chú giải, nguồn. In ở 100 %, đừng “thu cho vừa trang”.',
  print_now: 'Bản in là của dữ liệu hiện nay, không phải của thời điểm cũ hay phương án đang mở.',
  picture: 'Ảnh',
  picture_hint: 'Bản đồ như trên màn hình, kèm thước tỷ lệ, nguồn và ngày.',
  save_png: 'Lưu PNG',
  picture_failed: 'Trình duyệt không lưu được ảnh bản đồ.',
  embed: 'Nhúng vào trang khác',
  embed_copy: 'Chép mã nhúng',
  embed_code: 'Mã nhúng',
  embed_sites: 'Các trang được nhúng: {sites}',
  embed_any: 'mọi trang',
  embed_none:
    'Máy chủ này chưa cho trang nào nhúng bản đồ. Người quản trị cho phép bằng “embed_origins” trong tệp cài đặt.',
  embed_unknown: 'Chưa hỏi được máy chủ xem trang nào được nhúng.',
  note_year: 'Hiện trạng {year}',
  note_revision: 'Bản ghi {n} của dữ liệu, {date}',
  note_licence: 'Giấy phép: {licence}',
  note_basemap: 'Bản đồ nền: {name}',
  data: 'Dữ liệu mở',
  data_hint: 'GeoPackage, GeoJSON, CSV của từng lớp, kèm giấy phép và ý nghĩa các trường.',
  data_open: 'Tải dữ liệu',
};

export type ShareKey = keyof typeof vi;

const en: Record<ShareKey, string> = {
  title: 'Share the map',
  close: 'Close',
  link: 'Link',
  link_hint: 'Who opens the link sees what you see: place, layers, year, filters, language.',
  link_copy: 'Copy the link',
  pin: 'Pin to revision {n} of the data',
  pin_hint: 'When the data changes, the link still shows the zones as they are today, or says plainly why it cannot.',
  print: 'Print',
  paper: 'Paper',
  orientation: 'Orientation',
  landscape: 'Landscape',
  portrait: 'Portrait',
  scale: 'Scale',
  scale_seen: 'Fit what I see',
  sheet_title: 'Title',
  sheet_title_hint: 'Empty: the name of the zone, commune or map',
  make_pdf: 'Make a PDF',
  print_hint: 'Vectors at a true scale, VN-2000 grid, legend, sources. Print at 100 %, do not “fit to page”.',
  print_now: 'The print is of the data as it is now, not of the past moment or the plan that is open.',
  picture: 'Picture',
  picture_hint: 'The map as on the screen, with a scale bar, sources and the date.',
  save_png: 'Save a PNG',
  picture_failed: 'The browser could not save a picture of the map.',
  embed: 'Embed in another page',
  embed_copy: 'Copy the code',
  embed_code: 'Code to embed',
  embed_sites: 'Sites that may embed it: {sites}',
  embed_any: 'every site',
  embed_none:
    'This server lets no page embed the map yet. Its administrator allows it by “embed_origins” in the settings file.',
  embed_unknown: 'The server could not be asked which sites may embed the map.',
  note_year: 'Land as of {year}',
  note_revision: 'Data revision {n}, {date}',
  note_licence: 'Licence: {licence}',
  note_basemap: 'Basemap: {name}',
  data: 'Open data',
  data_hint: 'GeoPackage, GeoJSON and CSV of each layer, with the licence and what the fields mean.',
  data_open: 'Get the data',
};

const WORDS: Record<Lang, Record<ShareKey, string>> = { vi, en };

export const say_share = (lang: Lang, key: ShareKey, values: Record<string, string | number> = {}): string =>
  filled(WORDS[lang][key], lang, values);
