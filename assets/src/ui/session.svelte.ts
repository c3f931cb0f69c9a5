// Who is signed in, for every component: `session.role`, `session.may('edit_zones')`. One for the page.
import { when_signed_out } from '../api/client.ts';
import * as api from '../api/session.ts';
import { NOBODY, type Action, type SessionFacts } from '../core/session.ts';
import { embedded } from './preferences.ts';

class Session {
  facts = $state.raw<SessionFacts>(NOBODY);

  get role() {
    return this.facts.role;
  }

  get name(): string | null {
    return this.facts.name;
  }

  get csrf(): string | null {
    return this.facts.csrf;
  }

  may(action: Action): boolean {
    return this.facts.may.includes(action);
  }

  /** Asks the server anew; where it does not answer, what was known stays. In another page's frame nobody is signed in. */
  async refresh(): Promise<void> {
    if (embedded) return;
    this.facts = await api.get_session().catch(() => this.facts);
  }

  async sign_in(name: string, password: string): Promise<void> {
    this.facts = await api.sign_in(name, password);
  }

  async sign_out(): Promise<void> {
    this.facts = await api.sign_out();
  }
}

export const session = new Session();
when_signed_out(() => void session.refresh());
