import { conformance } from './conformance.js';
import { harness } from './api2convert/harness.js';

conformance('api2convert', harness);
