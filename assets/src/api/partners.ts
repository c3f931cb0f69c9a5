// Who is behind zones (docs/api.md).
import type { PartnerCard, PartnerRef } from '../core/partners/partners.ts';
import { get_json } from './client.ts';

export const get_partner = ({ table, id }: PartnerRef, signal?: AbortSignal): Promise<PartnerCard> =>
  get_json(`/api/v1/${table}/${encodeURIComponent(id)}`, signal);
