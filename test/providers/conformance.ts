import { callbackClauses } from './conformance/callbacks.js';
import { catalogueClauses } from './conformance/catalogue.js';
import { deliveryClauses } from './conformance/deliveries.js';
import { failureClauses } from './conformance/failures.js';
import { findingClauses } from './conformance/finding.js';
import type { AdapterHarness } from './conformance/harness.js';
import { inspectionClauses } from './conformance/inspection.js';
import { listingClauses } from './conformance/listing.js';
import { offerClauses } from './conformance/offers.js';
import { optionClauses } from './conformance/options.js';
import { placeClauses } from './conformance/places.js';
import { registrationClauses } from './conformance/registration.js';
import { reportClauses } from './conformance/reports.js';
import { submissionClauses } from './conformance/submission.js';

export type { AdapterHarness } from './conformance/harness.js';

/** What every adapter promises, whichever vendor it speaks to. An adapter's test file calls this once. */
export function conformance(name: string, harness: AdapterHarness): void {
  describe(`${name} conforms:`, () => {
    offerClauses(harness);
    optionClauses(harness);
    submissionClauses(harness);
    placeClauses(harness);
    deliveryClauses(harness);
    findingClauses(harness);
    listingClauses(harness);
    failureClauses(harness);
    reportClauses(harness);
    callbackClauses(harness);
    registrationClauses(harness);
    inspectionClauses(harness);
    catalogueClauses(harness);
  });
}
