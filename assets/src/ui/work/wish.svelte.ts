// What one desk asks of another: to be opened at a code. One for the page.
class Wish {
  /** The code whose card the register is to show; who shows it takes the wish away. */
  register = $state<string | null>(null);
}

export const wish = new Wish();
