import { conformance } from './conformance.js';
import { harness } from './runconvert/harness.js';

conformance('runconvert', harness);
