import { setTimeout as pause } from 'node:timers/promises';
import type { PretendCloud } from '../cloud/pretend-cloud.js';
import { began, ended, type Ledger } from '../ledger.js';
import { scenarioNumber, scenarioText } from '../scenario.js';
import { scenarioOf } from '../scenarios.js';
import { Storage } from '../storage.js';
import { outputChecksum } from './checksums.js';
import { convertInputs } from './convert-inputs.js';
import { hasEnded, newId, type Job, type Output, type Trouble } from './job.js';
import type { JobStore } from './job-store.js';
import { loadInput } from './load-input.js';
import type { Notifier } from './notifier.js';
import { TargetDelivery } from './target-delivery.js';

export interface RunnerSettings {
  readonly fixtures: string | null;
  readonly speedMs: number;
}

/** Moves jobs: incomplete → ready → queued → downloading → processing → saving → completed or failed. */
export class Runner {
  private readonly storage = new Storage();

  constructor(
    private readonly store: JobStore,
    private readonly notifier: Notifier,
    private readonly ledger: Ledger,
    private readonly cloud: PretendCloud,
    private readonly settings: RunnerSettings,
  ) {}

  /** Looks at a job that has not started: it is ready once it has inputs and conversions, and starts if it is to be processed. */
  consider(job: Job): void {
    if (job.started || hasEnded(job)) return;
    const whole = job.inputs.length > 0 && job.conversions.length > 0;
    if (whole && job.status === 'incomplete') this.move(job, 'ready');
    if (!whole && job.status === 'ready') this.move(job, 'incomplete');
    if (!whole || !job.process) return;
    job.started = true;
    this.run(job).catch((error: unknown) => {
      if (job.stop.signal.aborted) return;
      this.fail(job, { source: 'conversion', id_source: job.conversions[0]?.id ?? '', code: 500, message: String(error) });
    });
  }

  cancel(job: Job): void {
    job.stop.abort();
    for (const input of job.inputs) if (input.status === 'downloading') input.status = 'canceled';
    this.move(job, 'canceled');
    ended(job.ledger, 'canceled');
  }

  private async run(job: Job): Promise<void> {
    this.move(job, 'queued');
    await this.spend(job, 0.1);
    this.move(job, 'downloading');
    const sources = { store: this.store, cloud: this.cloud, fixtures: this.settings.fixtures };
    const missing = await Promise.all(job.inputs.map((input) => loadInput(job, input, sources)));
    const unreachable = missing.filter((trouble) => trouble !== null);
    if (unreachable.length > 0 && (job.failOnInputError || unreachable.length === job.inputs.length)) return this.fail(job, ...unreachable);
    job.warnings.push(...unreachable);
    await this.spend(job, 0.2);
    if (scenarioOf(job, 'vanish')) return;
    this.move(job, 'processing');
    began(job.ledger);
    if (scenarioOf(job, 'hang')) return;
    await this.tellAnotherWord(job);
    const told = scenarioOf(job, 'fail');
    if (told) return this.fail(job, this.failureTold(job, scenarioNumber(told, 'code', 6005), scenarioText(told, 'message', 'The sandbox was told to fail this job.')));
    await this.convert(job);
  }

  private async convert(job: Job): Promise<void> {
    const inputs = job.inputs.filter((input) => input.status === 'ready');
    const made: Output[] = [];
    const troubles: Trouble[] = [];
    for (const conversion of job.conversions) {
      const converted = await convertInputs(conversion, inputs, made);
      made.push(...converted.outputs);
      troubles.push(...converted.troubles);
      job.spent += converted.credits;
    }
    await this.spend(job, 0.6);
    this.move(job, 'saving');
    const delivery = new TargetDelivery(this.cloud, this.ledger);
    delivery.begin(job, made);
    await this.spend(job, 0.1);
    const { kept, delivered, undelivered } = delivery.finish(job, made);
    this.ledger.charge(job.ledger, job.spent);
    // A delivery that fails takes nothing away from the other conversions.
    if (troubles.length === 0 || !job.failOnConversionError) job.outputs = spoilt(job, kept);
    troubles.push(...undelivered);
    if (troubles.length > 0 && (job.failOnConversionError || kept.length + delivered === 0)) return this.fail(job, ...troubles);
    job.warnings.push(...troubles);
    this.keepFiles(job);
    ended(job.ledger, 'completed');
    this.move(job, 'completed');
  }

  private keepFiles(job: Job): void {
    const files = [...job.inputs, ...job.outputs];
    this.storage.keep(
      files.reduce((sum, file) => sum + file.size, 0),
      () => files.forEach((file) => (file.bytes = null)),
    );
  }

  private async tellAnotherWord(job: Job): Promise<void> {
    const scenario = scenarioOf(job, 'unknown-status');
    if (!scenario) return;
    const ms = scenarioNumber(scenario, 'ms', 500);
    job.otherWord = { word: scenarioText(scenario, 'word', 'defragmenting'), until: Date.now() + ms };
    await pause(ms, undefined, { signal: job.stop.signal });
  }

  private failureTold(job: Job, code: number, message: string): Trouble {
    const conversion = job.conversions[0];
    const told = scenarioOf(job, 'fail');
    if (told && scenarioText(told, 'source', 'conversion') === 'input') return { source: 'input', id_source: job.inputs[0]?.id ?? '', code, message };
    return { source: 'conversion', id_source: conversion?.id ?? '', code, message };
  }

  private fail(job: Job, ...troubles: Trouble[]): void {
    job.errors.push(...troubles);
    this.keepFiles(job);
    ended(job.ledger, 'failed');
    this.move(job, 'failed');
  }

  private move(job: Job, status: string): void {
    job.status = status;
    job.modifiedAt = new Date();
    job.history.push({ id: newId(), status, at: job.modifiedAt });
    this.notifier.changed(job);
  }

  /** A share of the time that a conversion takes; rejects when the job is stopped. */
  private async spend(job: Job, share: number): Promise<void> {
    await pause(this.settings.speedMs * share, undefined, { signal: job.stop.signal });
    job.stop.signal.throwIfAborted();
  }
}

function spoilt(job: Job, outputs: Output[]): Output[] {
  if (scenarioOf(job, 'success-without-file')) return [];
  if (scenarioOf(job, 'disabled-output')) return outputs.map((output) => ({ ...output, disabled: true }));
  return scenarioOf(job, 'wrong-file') ? outputs.map(wrong) : outputs;
}

function wrong(output: Output): Output {
  const bytes = Buffer.from('<!doctype html><html><body>Not the file you asked for</body></html>');
  return { ...output, bytes, size: bytes.length, checksum: outputChecksum(bytes) };
}
