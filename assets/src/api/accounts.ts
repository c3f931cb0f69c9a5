// Accounts, for who looks after them, and one's own password. Loaded with the dialog that shows them.
import type { Action, Role } from '../core/session.ts';
import { get_json, send_json } from './client.ts';

const USERS_URL = '/api/v1/users';

export interface Account {
  name: string;
  role: Role;
  kinds: string[];
  units: string[];
  is_disabled: boolean;
}

export interface AccountChange {
  role?: Role;
  /** What may be touched; none: all. */
  kinds?: string[];
  units?: string[];
  is_disabled?: boolean;
  password?: string;
  /** With a new password of one's own. */
  present_password?: string;
}

export interface NewAccount {
  name: string;
  role: Role;
  kinds: string[];
  units: string[];
}

/** At most a thousand, by name. */
export const get_accounts = async (): Promise<Account[]> =>
  (await get_json<{ users: Account[] }>(`${USERS_URL}?limit=1000`)).users;

/** The password is made up by the server and told this once. */
export const add_account = (account: NewAccount): Promise<Account & { password: string }> =>
  send_json('POST', USERS_URL, account);

const url_of = (name: string): string => `${USERS_URL}/${encodeURIComponent(name)}`;

export const change_account = (name: string, change: AccountChange): Promise<Account> =>
  send_json('PATCH', url_of(name), change);

export const remove_account = (name: string): Promise<null> => send_json('DELETE', url_of(name));

const TOKENS_URL = '/api/v1/tokens';

/** Lets a program act for its owner, as far as the scope goes. */
export interface Token {
  id: string;
  owner: string;
  label: string;
  scope: Action[];
  created: string;
  expires: string;
  /** When it was last used. */
  used: string | null;
}

/** One's own; for an administrator everybody's. At most a thousand. */
export const get_tokens = async (): Promise<Token[]> =>
  (await get_json<{ tokens: Token[] }>(`${TOKENS_URL}?limit=1000`)).tokens;

/** Its text is told this once. */
export const add_token = (label: string, scope: Action[], expires_days: number): Promise<Token & { token: string }> =>
  send_json('POST', TOKENS_URL, { label, scope, expires_days });

export const remove_token = (id: string): Promise<null> =>
  send_json('DELETE', `${TOKENS_URL}/${encodeURIComponent(id)}`);
