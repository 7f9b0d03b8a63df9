import usual from './jest.config.js';

/** The fault suite: whole worlds with a database, vendors and gateways of their own, so few of them at once. */
export default {
  ...usual,
  roots: ['<rootDir>/test/faults'],
  testPathIgnorePatterns: ['/node_modules/'],
  setupFilesAfterEnv: ['<rootDir>/test/support/second-chance.js'],
  maxWorkers: 2,
  maxConcurrency: 2,
  testTimeout: 180_000,
};
