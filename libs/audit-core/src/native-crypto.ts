/**
 * Node's own crypto where the code runs on Node, and undefined in browsers: the same functions, several times as fast
 * as what is portable. Nothing may depend on it; whoever uses it has another way.
 */
export const nativeCrypto = 'process' in globalThis ? globalThis.process.getBuiltinModule?.('node:crypto') : undefined;
