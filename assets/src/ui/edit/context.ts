// Hands the desk, and the hand on the map, to the components of the desk.
import { createContext } from 'svelte';
import type { Desk } from './desk_state.svelte.ts';
import type { Hand } from './hand.svelte.ts';

export const [use_desk, provide_desk] = createContext<Desk>();
export const [use_hand, provide_hand] = createContext<Hand>();
