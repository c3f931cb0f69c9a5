// Where the documents about a zone, a piece of lost land or an area code are.
import { here } from './client.ts';
import type { Lang } from '../core/model.ts';

export const DOSSIER_FILES = ['pdf', 'xlsx', 'geojson'] as const;
export type DossierFile = (typeof DOSSIER_FILES)[number];
export type DossierSubject = 'zones' | 'encroachments' | 'codes';

/** The page of a zone that needs no script. */
export const zone_page_url = (id: string, lang: Lang): string => here(`/zones/${encodeURIComponent(id)}?lang=${lang}`);

export const dossier_url = (subject: DossierSubject, id: string, file: DossierFile, lang: Lang): string =>
  here(`/api/v1/${subject}/${encodeURIComponent(id)}/dossier.${file}?lang=${lang}`);
