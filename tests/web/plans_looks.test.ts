// The desk of plans in every look: nothing is out of anyone’s reach, on a phone, in the dark, in both languages.
import { after, before, test } from 'node:test';
import { place_of, plan_of_split, serve_pairs, sign_in, type DeskServer } from './desk.ts';
import { assert_accessible, drawn, LOOKS, OUT, PHONE, visit } from './harness.ts';

let server: DeskServer;
before(async () => {
  server = await serve_pairs(4);
});
after(() => server.end());

const SAID = {
  vi: {
    plans: 'Kịch bản',
    make: 'Kịch bản mới',
    cancel: 'Bỏ',
    larger: 'Mở rộng bảng',
    compare: 'So sánh',
    swipe: 'Kéo qua',
    side: 'Cạnh nhau',
    difference: 'Khác biệt',
    off: 'Tắt',
    figures: 'Số liệu',
    lost: 'Mất đất',
    supply: 'Sản lượng',
    yield: /^Năng suất/,
    comments: 'Góp ý',
    comment: 'Góp ý mới',
    pin: 'Ghim lên bản đồ',
    add: 'Gửi góp ý',
    about: 'Chung',
    submit: 'Trình duyệt',
    remove: 'Xóa',
    keep: 'Giữ lại',
    share: 'Tạo liên kết',
    draw: 'Vẽ trong kịch bản',
    loaded: /Có ranh giới của \d/,
  },
  en: {
    plans: 'Plans',
    make: 'New plan',
    cancel: 'Cancel',
    larger: 'Enlarge the sheet',
    compare: 'Compare',
    swipe: 'Swipe',
    side: 'Side by side',
    difference: 'Difference',
    off: 'Off',
    figures: 'Figures',
    lost: 'Loss',
    supply: 'Supply',
    yield: /^Yield of/,
    comments: 'Comments',
    comment: 'New comment',
    pin: 'Pin it to the map',
    add: 'Add the comment',
    about: 'About',
    submit: 'Submit',
    remove: 'Remove',
    keep: 'Keep it',
    share: 'Make a link',
    draw: 'Draw in the plan',
    loaded: /borders of \d/,
  },
};

LOOKS.forEach(([look, options, lang], n) => {
  test(`the desk of plans is within everyone’s reach: ${look}`, async () => {
    const words = SAID[lang];
    const is_phone = 'viewport' in options;
    const { page, assert_clean, close } = await visit(`#map=15/${place_of(n)}&lang=${lang}`, {
      ...options,
      address: server.address,
      prepare: (made) => sign_in(made, server.address),
    });
    const button = (name: string) => page.getByRole('button', { name, exact: true });
    const state = async (name: string) => {
      await drawn(page);
      await assert_accessible(page, `${look}: ${name}`);
      await page.screenshot({ path: `${OUT}plans-${look}-${name}.png` });
    };
    /** The sheet of a phone gives way to the map when that is what one asked to see. */
    const enlarge = async () => {
      if (is_phone && (await button(words.larger).count()) > 0) await button(words.larger).click();
    };
    await plan_of_split(page, server, n, look);
    await button(words.plans).click();
    await enlarge();
    await page.getByRole('button', { name: new RegExp(look) }).waitFor();
    await state('list');
    await button(words.make).click();
    await state('new');
    await button(words.cancel).click();
    await page.getByRole('button', { name: new RegExp(look) }).click();
    await button(words.share).click();
    await button(words.submit).click();
    await state('about');
    await button(words.remove).click();
    await state('remove');
    await button(words.keep).click();
    await button(words.compare).click();
    await page.getByRole('table').waitFor();
    await state('compare');
    for (const [name, label] of [
      ['swipe', words.swipe],
      ['side', words.side],
      ['difference', words.difference],
    ] as const) {
      await button(label).click();
      await page.waitForTimeout(1_000);
      await state(name);
      await enlarge();
    }
    await button(words.off).click();
    await button(words.figures).click();
    await page.getByRole('table').waitFor();
    await state('figures');
    await button(words.lost).click();
    await state('lost');
    await button(words.supply).click();
    await page
      .getByRole('textbox', { name: words.yield })
      .first()
      .fill(lang === 'vi' ? '6,2' : '6.2');
    await state('supply');
    await button(words.comments).click();
    await page.getByRole('textbox', { name: words.comment }).fill('Mương / ditch');
    await button(words.pin).click();
    const { width, height } = page.viewportSize() ?? PHONE;
    await page.mouse.click(width / 2 + 40, height / 2 - 30);
    await button(words.add).click();
    await page.locator('.plan-list li').first().waitFor();
    await enlarge();
    await state('comments');
    await button(words.draw).click();
    await page.getByText(words.loaded).waitFor();
    await state('draw');
    assert_clean();
    await close();
  });
});
