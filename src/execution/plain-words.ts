import { ProviderError } from '../conversion/errors.js';
import type { Delivery } from '../conversion/provider.js';
import { spellingsOf, withoutSecrets } from '../conversion/redaction.js';
import { Unsealable } from '../platform/sealing.js';
import type { Scene } from './scene.js';

/**
 * A provider's error as it may be written down: without any of the caller's credentials. The vendor was given them, and what it says of a
 * failure may repeat them; adapters know them while they submit, and not when a job is read days later.
 */
export async function inPlainWords(scene: Pick<Scene, 'credentials' | 'job'>, error: ProviderError): Promise<ProviderError> {
  try {
    // Headers of an input that the gateway fetches reach no provider, and may be as short as "1".
    const told = [...(await scene.credentials())].filter(([id]) => !scene.job.graph.inputs.some((input) => input.id === id && input.type === 'url'));
    return withoutSecrets(error, told.flatMap(([, credentials]) => spellingsOf(credentials)));
  } catch (trouble) {
    if (!(trouble instanceof Unsealable)) throw trouble;
    if (error.code === UNUSABLE) return error;
    return new ProviderError(error.kind, 'What the provider said is withheld: the credentials of the job cannot be opened, and so not be kept out of it.', { ...error.details, code: null });
  }
}

/** Deliveries as they may be written down, in the same way. */
export async function deliveriesInPlainWords(scene: Pick<Scene, 'credentials' | 'job'>, deliveries: readonly Delivery[]): Promise<readonly Delivery[]> {
  return Promise.all(deliveries.map(async (delivery) => (delivery.refusal === null ? delivery : { ...delivery, refusal: (await inPlainWords(scene, new ProviderError('unmapped', delivery.refusal))).message })));
}

/** The code of an attempt that failed because credentials could not be opened: our own words, in which there is none. */
export const UNUSABLE = 'credential_unusable';
