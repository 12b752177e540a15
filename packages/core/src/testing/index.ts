export { FakeClock } from './fake-clock.js';
export { fakeEndpoint, fakeHosts } from './fake-endpoint.js';
