export { EXIT } from './exit-codes.js';
export { main, type Start } from './main.js';
