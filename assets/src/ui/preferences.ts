// The language and theme a reader chose here before, and in what form the page was asked for. Kept in the browser only; a browser that keeps nothing is fine.
import type { Lang, Theme } from '../core/model.ts';

/** The bare form in another site's frame: the map, its years and cards. */
export const embedded = new URLSearchParams(window.location.search).get('embed') === '1';

export interface Preferences {
  lang: Lang | null;
  theme: Theme | null;
}

const KEY = 'farmzone';

export function remembered(): Preferences {
  try {
    const kept = JSON.parse(window.localStorage.getItem(KEY) ?? '{}') as Record<string, unknown>;
    const { lang, theme } = kept;
    return {
      lang: lang === 'vi' || lang === 'en' ? lang : null,
      theme: theme === 'light' || theme === 'dark' ? theme : null,
    };
  } catch {
    return { lang: null, theme: null };
  }
}

export function remember(preferences: Preferences): Preferences {
  try {
    window.localStorage.setItem(KEY, JSON.stringify(preferences));
  } catch {
    // Private windows may refuse; the choice then lasts as long as the page.
  }
  return preferences;
}
