import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import ts from 'typescript-eslint';
import svelte_config from './svelte.config.js';

/** Which folder may import what: the edges of the web app, as docs/architecture.md draws them. */
function edge(files, forbidden, message) {
  return { files, rules: { 'no-restricted-imports': ['error', { patterns: [{ group: forbidden, message }] }] } };
}

export default ts.config(
  { ignores: ['dist', 'node_modules', 'public'] },
  js.configs.recommended,
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { window: 'readonly', document: 'readonly', console: 'readonly' } },
    rules: { 'max-lines': ['error', 400], eqeqeq: 'error', 'no-undef': 'off' },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: {
      parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig: svelte_config },
    },
  },
  edge(['src/core/**'], ['**/api/*', '**/map/*', '**/ui/*', '**/i18n/*', 'maplibre-gl*', 'svelte*'], 'core is pure'),
  edge(['src/api/**'], ['../map/*', '../ui/*', '../i18n/*', 'maplibre-gl*'], 'api knows URLs and core only'),
  edge(['src/ui/**', 'src/i18n/**'], ['maplibre-gl*'], 'only map/ imports maplibre-gl'),
);
