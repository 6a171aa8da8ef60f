import {
  deadLettersContract,
  stagingStoreContract,
  transactionSpillContract,
} from '@tsmolt/testkit/contracts';
import { openStandIn } from './open-stand-in.js';

const name = 'CockroachDB (stand-in)';

stagingStoreContract(name, openStandIn);
deadLettersContract(name, openStandIn);
transactionSpillContract(name, openStandIn);
