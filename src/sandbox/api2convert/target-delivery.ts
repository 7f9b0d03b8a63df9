import type { PretendCloud } from '../cloud/pretend-cloud.js';
import { deliver, StoreRefusal } from '../cloud/store-access.js';
import type { Ledger } from '../ledger.js';
import type { Conversion, Job, Output, OutputTarget, Trouble } from './job.js';
import { storeAccess } from './stores.js';

export interface DeliveryOutcome {
  /** Results that stay at the vendor: those of conversions without a target. */
  readonly kept: Output[];
  /** How many targets have theirs. */
  readonly delivered: number;
  readonly undelivered: readonly Trouble[];
}

/** Takes results to the output targets of their conversions; a conversion that has one leaves none at the vendor (SDK contract). */
export class TargetDelivery {
  constructor(
    private readonly cloud: PretendCloud,
    private readonly ledger: Ledger,
  ) {}

  /** From here on the targets of what was made are `uploading`. */
  begin(job: Job, made: readonly Output[]): void {
    for (const conversion of job.conversions) if (resultsOf(conversion, made).length > 0) conversion.outputTargets.forEach((target) => (target.status = 'uploading'));
  }

  finish(job: Job, made: readonly Output[]): DeliveryOutcome {
    const undelivered: Trouble[] = [];
    let delivered = 0;
    for (const conversion of job.conversions) {
      const results = resultsOf(conversion, made);
      // Where the conversion itself failed there is nothing to upload: its targets go on waiting.
      if (results.length === 0) continue;
      for (const target of conversion.outputTargets) {
        target.status = this.upload(job, target, results) ? 'completed' : 'failed';
        if (target.status === 'completed') delivered += 1;
        else undelivered.push({ source: 'conversion', id_source: conversion.id, code: 99, message: `The file could not be delivered to the output target ${target.type}.` });
      }
    }
    const targeted = new Set(job.conversions.filter(({ outputTargets }) => outputTargets.length > 0).map(({ id }) => id));
    return { kept: made.filter(({ conversionId }) => !targeted.has(conversionId)), delivered, undelivered };
  }

  private upload(job: Job, { type, parameters, credentials }: OutputTarget, results: readonly Output[]): boolean {
    const access = storeAccess(type, parameters, credentials);
    if (!access) return false;
    try {
      const files = results.map(({ filename, contentType, bytes }) => ({ filename, contentType, bytes: bytes ?? Buffer.alloc(0) }));
      for (const object of deliver(access, files, this.cloud)) this.ledger.delivered('api2convert', job.id, object);
      return true;
    } catch (error) {
      if (error instanceof StoreRefusal) return false;
      throw error;
    }
  }
}

function resultsOf(conversion: Conversion, made: readonly Output[]): Output[] {
  return made.filter(({ conversionId }) => conversionId === conversion.id);
}
