// The words of history in the reader's language, for its components.
import { say_history, say_history_count, type HistoryCountKey, type HistoryKey } from '../../i18n/history.ts';
import type { AppState } from '../app_state.svelte.ts';

export const words_of = (app: AppState) => ({
  say: (key: HistoryKey, values?: Record<string, string | number>) => say_history(app.lang, key, values),
  count: (key: HistoryCountKey, n: number) => say_history_count(app.lang, key, n),
});
