// Puts what a desk draws over the map there, below the cards, wherever in the page the desk is.
export function over_map(node: HTMLElement): () => void {
  document.getElementById('map')?.append(node);
  return () => node.remove();
}
