// Hands the desk of plans to its components.
import { createContext } from 'svelte';
import type { Plans } from './plans_state.svelte.ts';

export const [use_plans, provide_plans] = createContext<Plans>();
