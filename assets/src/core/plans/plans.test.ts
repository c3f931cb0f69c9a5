import { describe, expect, it } from 'vitest';
import { offers } from './offers.ts';
import { NO_SUPPLY, supply_of, tonnes_of, typed, yields_query } from './supply.ts';

const planner = { name: 'lan', may: ['read_plans', 'make_plans'] as const };
const approver = { name: 'minh', may: ['read_plans', 'make_plans', 'approve_plans'] as const };
const asked = (
  plan: { state: string; owner?: string; n_zones?: number },
  person: { name: string | null; may: readonly string[] },
) => [...offers({ n_zones: 1, ...plan }, person as never)].sort();

describe('what a plan offers', () => {
  it('is the owner’s to draw in while it is a draft or was returned', () => {
    expect(asked({ state: 'draft', owner: 'lan' }, planner)).toEqual([
      'change',
      'comment',
      'remove',
      'share',
      'submit',
    ]);
    expect(asked({ state: 'returned', owner: 'lan' }, planner)).toContain('change');
    expect(asked({ state: 'submitted', owner: 'lan' }, planner)).toEqual(['comment', 'remove', 'share']);
    expect(asked({ state: 'published', owner: 'lan' }, planner)).toEqual(['comment', 'share']);
  });
  it('is not submitted while it changes nothing', () => {
    expect(asked({ state: 'draft', owner: 'lan', n_zones: 0 }, planner)).not.toContain('submit');
  });
  it('is decided on by somebody else who may', () => {
    expect(asked({ state: 'submitted', owner: 'lan' }, approver)).toEqual(['approve', 'comment', 'return']);
    expect(asked({ state: 'approved', owner: 'lan' }, approver)).toEqual(['comment', 'publish', 'return']);
    expect(asked({ state: 'submitted', owner: 'minh' }, approver)).not.toContain('approve');
    expect(asked({ state: 'submitted', owner: 'hoa' }, planner)).toEqual(['comment']);
  });
  it('is nothing to who reads by a link', () => {
    expect(asked({ state: 'draft' }, planner)).toEqual([]);
    expect(asked({ state: 'submitted', owner: 'lan' }, { name: null, may: [] })).toEqual([]);
  });
});

describe('supply', () => {
  it('is typed as the language writes numbers', () => {
    expect(tonnes_of('6,2', 'vi')).toBe(6.2);
    expect(tonnes_of('6.2', 'en')).toBe(6.2);
    expect(tonnes_of(' ', 'vi')).toBeNull();
    expect(tonnes_of('x', 'vi')).toBeUndefined();
    expect(typed(6.2, 'vi')).toBe('6,2');
    expect(typed(null, 'vi')).toBe('');
  });
  it('survives the browser’s store, and nonsense in it', () => {
    const supply = { yields: { rice: 6.2, tea: 2 }, demand_t: 1000 };
    expect(supply_of(JSON.stringify(supply))).toEqual(supply);
    expect(yields_query(supply)).toBe('rice:6.2,tea:2');
    expect(supply_of('{"yields":{"rice":"x"},"demand_t":-1}')).toEqual(NO_SUPPLY);
    expect(supply_of('nonsense')).toEqual(NO_SUPPLY);
    expect(supply_of(null)).toEqual(NO_SUPPLY);
  });
});
