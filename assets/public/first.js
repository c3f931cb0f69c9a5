// The whole map as a picture, where the map will be: what a slow line shows while the page's own script is on its way.
// Only where nobody asked for another place or time; the map takes it away when it is drawn (src/ui/map_view.svelte).
(() => {
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem('farmzone') ?? '{}') ?? {};
  } catch {
    // A browser that keeps nothing is fine.
  }
  const asked = location.hash.replace(/^#/, '').split('&').filter(Boolean);
  const named = asked.find((part) => /^theme=(light|dark)$/.test(part))?.slice('theme='.length);
  const dark = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  const theme = [named, kept.theme].find((one) => one === 'light' || one === 'dark') ?? dark;
  document.documentElement.dataset.theme = theme;
  if (!asked.every((part) => /^(theme|lang)=/.test(part))) return;
  const picture = new Image();
  picture.id = 'first';
  picture.alt = '';
  picture.className = new URLSearchParams(location.search).get('embed') === '1' ? 'embedded' : '';
  picture.setAttribute('elementtiming', 'first-map');
  picture.onerror = () => picture.remove();
  picture.src = `./api/v1/overview.webp?theme=${theme}`;
  document.body.prepend(picture);
})();
