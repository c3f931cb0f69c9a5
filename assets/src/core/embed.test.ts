import { expect, test } from 'vitest';
import { embed_code } from './embed.ts';

test('the code to embed holds the view, and no name breaks out of its quotation marks', () => {
  const code = embed_code('https://map.example.vn/', '#map=11/21/105&kind=rice', 'Hà Nội "><script>alert(1)</script>');
  expect(code).toContain('src="https://map.example.vn/?embed=1#map=11/21/105&amp;kind=rice"');
  expect(code).toContain('title="Hà Nội &quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"');
  expect(code.match(/</g)).toHaveLength(2);
});
