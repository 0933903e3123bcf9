export { allowedNetworks } from './allowed-networks.js';
export { Egress, EgressRefusedError, EgressUnresolvedError } from './egress.js';
