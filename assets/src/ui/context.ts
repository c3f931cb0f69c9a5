// Hands the one AppState to the components below App.
import { createContext } from 'svelte';
import type { AppState } from './app_state.svelte.ts';

export const [use_app, provide_app] = createContext<AppState>();
