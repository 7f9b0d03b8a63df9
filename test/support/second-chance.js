import { jest } from '@jest/globals';

// Faults are real processes, real kills and real clocks on a machine that may be busy: a test may be told twice more before it counts as failed. Each failure is shown.
jest.retryTimes(2, { logErrorsBeforeRetry: true });
