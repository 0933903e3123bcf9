import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The edge serves what this leaves in `dist`, under a policy that allows no inline script. */
export default defineConfig({
  plugins: [react()],
  build: { license: true, target: 'es2023', modulePreload: { polyfill: false }, reportCompressedSize: false },
});
