import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/**
 * The edge serves what this leaves in `dist`, under a policy that allows the scripts and styles which bear the nonce of the
 * answer, and what those load; it puts the nonce in the place of this word.
 */
export default defineConfig({
  plugins: [react()],
  html: { cspNonce: 'CSP-NONCE' },
  build: { license: true, target: 'es2023', modulePreload: { polyfill: false }, reportCompressedSize: false },
});
