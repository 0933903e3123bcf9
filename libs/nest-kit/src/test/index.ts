/** Parts for tests of libraries below the test environment, which cannot use it. */
export { freePort, startTestBus, type TestBus, type TestBusOptions } from './test-bus.js';
export { forgedTokens, spelledOtherwise, type ForgersKit } from './forged-tokens.js';
export { connectionsTried, hostileNames, hostileUrls } from './hostile-urls.js';
