export { allowedNetworks } from './allowed-networks.js';
export { Egress, EgressRefusedError } from './egress.js';
