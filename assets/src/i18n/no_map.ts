// Words of what stands where the map would be. Loaded where there is none.
import type { Lang } from '../core/model.ts';

const vi = {
  title: 'Trình duyệt không vẽ được bản đồ',
  no_webgl: 'Thiết bị này không có WebGL. Ảnh tĩnh, số liệu, tìm kiếm và bảng các vùng dưới đây vẫn dùng được.',
  webgl_lost:
    'Trình duyệt vừa lấy lại bộ nhớ đồ họa. Bản đồ sẽ hiện lại khi được trả; trong lúc đó hãy dùng ảnh tĩnh và bảng, hoặc tải lại trang.',
  still: 'Ảnh tĩnh của bản đồ',
  still_of: 'Ảnh tĩnh của {what}, theo bản ghi {n} của dữ liệu.',
  the_view: 'phần bản đồ trong liên kết',
  share: 'In, chia sẻ',
};

const en: Record<keyof typeof vi, string> = {
  title: 'This browser cannot draw the map',
  no_webgl: 'There is no WebGL on this device. The still picture, figures, search and the table of zones still work.',
  webgl_lost:
    'The browser took back its graphics memory. The map returns when it is given again; until then use the picture and the table, or load the page anew.',
  still: 'Still picture of the map',
  still_of: 'A still picture of {what}, of revision {n} of the data.',
  the_view: 'the part of the map that the link names',
  share: 'Print, share',
};

export const NO_MAP_WORDS: Record<Lang, Record<keyof typeof vi, string>> = { vi, en };
