export { allowedNetworks } from './allowed-networks.js';
export { Egress, EgressRefusedError, EgressUnresolvedError, heedsProxy } from './egress.js';
