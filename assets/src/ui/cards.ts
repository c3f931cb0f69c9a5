// The cards of a zone and of a piece of lost land, loaded when the first is opened.
export { default as EventCard } from './event_card.svelte';
export { default as ZoneCard } from './zone_card.svelte';
