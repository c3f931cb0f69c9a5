// Markets and grammars of codes as the server's rules have them: asked for once, by the first desk that needs them.
import { get_code_rules } from '../../api/codes.ts';
import type { CodeRules } from '../../core/officer/codes.ts';
import { sought } from '../../core/officer/qr.ts';

class Rules {
  #rules = $state.raw<CodeRules>({ markets: [], grammars: [] });
  #asked: Promise<void> | null = null;

  get markets(): CodeRules['markets'] {
    this.#ask();
    return this.#rules.markets;
  }

  /** As codes are sought in a text; none before the answer came. */
  readonly grammars: readonly RegExp[] = $derived(sought(this.#rules.grammars.map(({ pattern }) => pattern)));

  /** Asks where nobody did; who asks in vain is asked again. */
  #ask(): void {
    this.#asked ??= get_code_rules()
      .then((rules) => void (this.#rules = rules))
      .catch(() => void (this.#asked = null));
  }

  /** Waits until they are here, or cannot be. */
  async ready(): Promise<void> {
    this.#ask();
    await this.#asked;
  }
}

export const code_rules = new Rules();
