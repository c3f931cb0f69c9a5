// The code by which another site's page holds the map in a frame.

/** A text as the value of an attribute in quotation marks. */
const attribute = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

/** `site` is that of the page, with a slash at its end; `view` the part of the address behind it, with its `#`. */
export function embed_code(site: string, view: string, title: string): string {
  return (
    `<iframe src="${attribute(`${site}?embed=1${view}`)}" title="${attribute(title)}" ` +
    'width="100%" height="520" style="border:0" loading="lazy" allowfullscreen></iframe>'
  );
}
