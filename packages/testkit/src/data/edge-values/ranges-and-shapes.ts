import { texts } from './edge-type.js';
import type { EdgeType } from './edge-type.js';

export const rangeAndShapeTypes: readonly EdgeType[] = [
  { type: 'int4range', values: texts('empty', '(,)', '[1,1]', '[1,5)', '(,5)', '[-2147483648,)') },
  { type: 'int8range', values: texts('empty', '[-9223372036854775808,9223372036854775807)') },
  { type: 'numrange', values: texts('empty', '[1.50,2.5]', '(NaN,)', '(,)') },
  { type: 'daterange', values: texts('empty', '[infinity,)', '["0044-03-15 BC",2024-02-29]') },
  { type: 'tsrange', values: texts('["2024-01-01 00:00:00.000001",infinity]', '(,)') },
  { type: 'tstzrange', values: texts('["2024-01-01 00:00:00+05:45",)', '[-infinity,infinity)') },
  { type: 'int4range[]', values: texts('{"[1,5)",empty,NULL}') },
  { type: 'int4multirange', minVersion: 140_000, values: texts('{}', '{[1,3),[5,)}', '{(,)}') },
  { type: 'nummultirange', minVersion: 140_000, values: texts('{}', '{[1.5,2.50],[3,4)}') },
  {
    type: 'tstzmultirange',
    minVersion: 140_000,
    values: texts('{["2024-01-01 00:00+00","2024-02-01 00:00+00")}'),
  },
  { type: 'point', values: texts('(0,0)', '(-0,1e-300)', '(Infinity,NaN)', '(0.1,1.7976931348623157e308)') },
  { type: 'box', values: texts('(1,1),(0,0)', '(-1,-2),(3,4)') },
  { type: 'lseg', values: texts('[(0,0),(1,1)]', '[(1.5,-2),(1.5,-2)]') },
  { type: 'path', values: texts('[(0,0)]', '((0,0),(1,1),(2,0))', '[(0,0),(1,1),(2,0)]') },
  { type: 'polygon', values: texts('((0,0))', '((0,0),(1,1),(2,0))') },
  { type: 'circle', values: texts('<(0,0),0>', '<(1,-1),2.5>') },
  { type: 'line', values: texts('{1,-1,0}', '{0,1,-3.5}') },
];
