/** Tests run on the compiled output: what ships is what is tested (`tsc -b` first). */
export default {
  testEnvironment: 'node',
  transform: {},
  roots: ['<rootDir>/libs', '<rootDir>/services', '<rootDir>/helm'],
  testMatch: ['**/dist/**/*.{spec,itest}.js', '<rootDir>/helm/**/*.spec.mjs'],
  modulePathIgnorePatterns: ['<rootDir>/.*/node_modules/'],
  setupFiles: ['<rootDir>/libs/dev-env/jest/setup.mjs'],
  reporters: ['default', '<rootDir>/libs/dev-env/jest/closing-line.mjs'],
  testTimeout: 60_000,
};
