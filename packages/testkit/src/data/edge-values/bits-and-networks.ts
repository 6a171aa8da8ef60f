import { texts } from './edge-type.js';
import type { EdgeType } from './edge-type.js';

export const bitAndNetworkTypes: readonly EdgeType[] = [
  { type: 'bit', values: texts('0', '1') },
  { type: 'bit(8)', values: texts('00000000', '11111111', '10000001') },
  { type: 'bit(65)', values: [`repeat('1', 65)`, `repeat('0', 64) || '1'`] },
  { type: 'varbit', values: [...texts('', '0', '1', '0000', '101'), `repeat('10', 5000)`] },
  { type: 'varbit(3)', values: texts('', '1', '111') },
  {
    type: 'inet',
    values: texts(
      '0.0.0.0',
      '255.255.255.255',
      '192.168.1.1/24',
      '10.0.0.1/0',
      '127.0.0.1/32',
      '::',
      '::1/64',
      '::ffff:1.2.3.4',
      '2001:db8::8:800:200c:417a/128',
      'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    ),
  },
  { type: 'cidr', values: texts('0.0.0.0/0', '10.0.0.0/8', '192.168.1.1/32', '::/0', '2001:db8::/32') },
  { type: 'macaddr', values: texts('00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff', '08-00-2b-01-02-03') },
  {
    type: 'macaddr8',
    values: texts('00:00:00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff:ff:ff', '08002b:0102030405'),
  },
];
