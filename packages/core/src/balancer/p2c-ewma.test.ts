import { describeCompliance } from './balancer.compliance.js';
import { P2cEwmaBalancer } from './p2c-ewma.js';
import { FakeClock } from '../testing/index.js';

describeCompliance('p2c_ewma', (random) => new P2cEwmaBalancer({}, random, new FakeClock()));
