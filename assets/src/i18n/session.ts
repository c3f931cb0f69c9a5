// Words of the dialog for signing in; apart from the others because they are loaded with it.
import type { Lang } from '../core/model.ts';
import { filled } from './index.ts';

const vi = {
  title: 'Đăng nhập',
  why: 'Dành cho cán bộ có tài khoản. Xem bản đồ không cần đăng nhập.',
  name: 'Tên tài khoản',
  password: 'Mật khẩu',
  enter: 'Đăng nhập',
  leave: 'Đăng xuất',
  close: 'Đóng',
  wrong: 'Tên hoặc mật khẩu không đúng.',
  throttled: 'Sai quá nhiều lần. Hãy thử lại sau {seconds} giây.',
  unreachable: 'Máy chủ không trả lời. Hãy thử lại.',
  failed: 'Không đăng nhập được. Nhật ký của máy chủ cho biết lý do.',
  signed_in: 'Đã đăng nhập: {name}',
  signed_out: 'Đã đăng xuất',
  role: 'Vai trò',
  kinds: 'Loại vùng',
  units: 'Xã, phường',
  all: 'Tất cả',
  viewer: 'Người xem',
  officer: 'Cán bộ',
  planner: 'Người lập quy hoạch',
  approver: 'Người phê duyệt',
  administrator: 'Quản trị viên',
};

const en: Record<keyof typeof vi, string> = {
  title: 'Sign in',
  why: 'For staff with an account. Looking at the map needs none.',
  name: 'Account name',
  password: 'Password',
  enter: 'Sign in',
  leave: 'Sign out',
  close: 'Close',
  wrong: 'The name or the password is wrong.',
  throttled: 'Too many failures. Try again in {seconds} seconds.',
  unreachable: 'The server does not answer. Try again.',
  failed: 'Signing in failed; the server’s log says why.',
  signed_in: 'Signed in as {name}',
  signed_out: 'Signed out',
  role: 'Role',
  kinds: 'Kinds of zones',
  units: 'Communes',
  all: 'All',
  viewer: 'Viewer',
  officer: 'Officer',
  planner: 'Planner',
  approver: 'Approver',
  administrator: 'Administrator',
};

export type SessionKey = keyof typeof vi;

export function say_session(lang: Lang, key: SessionKey, values: Record<string, string | number> = {}): string {
  return filled({ vi, en }[lang][key], lang, values);
}
