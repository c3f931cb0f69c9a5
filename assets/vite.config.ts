import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// `npm run dev` shows the page against a running `farmzone serve`.
const server = process.env['FARMZONE_URL'] ?? 'http://127.0.0.1:8080';
const paths = ['/api', '/tiles', '/styles', '/style.json', '/events', '/health'];

export default defineConfig({
  plugins: [svelte()],
  server: { proxy: Object.fromEntries(paths.map((path) => [path, { target: server, changeOrigin: false }])) },
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    // Inlined assets would need `data:` in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1400,
    reportCompressedSize: false,
  },
  // proj4's sources have no file extensions in their imports: Vite resolves them, Node would not.
  test: { include: ['src/**/*.test.ts'], environment: 'node', server: { deps: { inline: ['proj4'] } } },
});
