// Fetches what a basemap says of itself, and teaches MapLibre to read PMTiles. Loaded when somebody switches the basemap on.
import { addProtocol } from 'maplibre-gl';
import { PMTiles, Protocol, TileType } from 'pmtiles';
import { of_style, outlines, pictures, type Basemap, type Underlay } from '../core/basemap.ts';
import type { Style } from '../core/dress.ts';
import type { Theme } from '../core/model.ts';

let protocol: Protocol | null = null;

/** What goes below our map. Throws when the basemap does not answer, or with something else. */
export async function underlay_of(basemap: Basemap, theme: Theme, signal: AbortSignal): Promise<Underlay> {
  const { url, kind, attribution } = basemap;
  if (kind === 'raster') return pictures({ tiles: [url], attribution }, theme);
  if (kind === 'pmtiles') return await of_pmtiles(url, attribution, theme);
  const response = await fetch(url, { signal, credentials: 'omit' });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  const said = (await response.json()) as Partial<Style> & { vector_layers?: unknown[]; tiles?: string[] };
  if (Array.isArray(said.layers)) return of_style(said as Style, url);
  if (!Array.isArray(said.tiles)) throw new Error(`${url}: neither a style nor a TileJSON`);
  return Array.isArray(said.vector_layers)
    ? outlines({ url, attribution }, said.vector_layers, theme)
    : pictures({ url, attribution }, theme);
}

async function of_pmtiles(url: string, attribution: string, theme: Theme): Promise<Underlay> {
  if (protocol === null) {
    protocol = new Protocol();
    addProtocol('pmtiles', protocol.tile);
  }
  const file = protocol.get(url) ?? new PMTiles(url);
  protocol.add(file);
  const [{ tileType, minZoom, maxZoom }, said] = await Promise.all([file.getHeader(), file.getMetadata()]);
  const source = { tiles: [`pmtiles://${url}/{z}/{x}/{y}`], minzoom: minZoom, maxzoom: maxZoom, attribution };
  if (tileType !== TileType.Mvt) return pictures(source, theme);
  const layers = (said as { vector_layers?: unknown } | null)?.vector_layers;
  return outlines(source, Array.isArray(layers) ? layers : [], theme);
}
