// Signing in and out. The session's secret is in a cookie that no script can read.
import type { SessionFacts } from '../core/session.ts';
import { get_json, prove_with, send_json } from './client.ts';

const SESSION_URL = '/api/v1/session';

const proven = (facts: SessionFacts): SessionFacts => (prove_with(facts.csrf), facts);

export const get_session = async (): Promise<SessionFacts> => proven(await get_json(SESSION_URL));

/** Refused with 401 when name and password do not belong together, with 429 after too many attempts. */
export const sign_in = async (name: string, password: string): Promise<SessionFacts> =>
  proven(await send_json('POST', SESSION_URL, { name, password }));

export const sign_out = async (): Promise<SessionFacts> => proven(await send_json('DELETE', SESSION_URL));
