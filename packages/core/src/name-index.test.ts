import { expect, test } from 'vitest';
import { NameIndex } from './name-index.js';

const index = new NameIndex(['Orders', 'items', 'Twice', 'TWICE'], (name) => name);

test('the exact name wins, and case does not matter where it leaves no doubt', () => {
  expect(index.find('Orders')).toBe('Orders');
  expect(index.find('ORDERS')).toBe('Orders');
  expect(index.find('TWICE')).toBe('TWICE');
});

test('what several answer to is nobody, and what is not there neither', () => {
  expect(index.find('twice')).toBeUndefined();
  expect(index.find('customers')).toBeUndefined();
});
