import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { ADMIN_KEY } from '../accounts/principal.js';
import type { JobBody } from '../conversion/job-body.js';
import { invalidRequest } from '../http/problem.js';
import type { QuoteView } from './dto/quote.dto.js';
import { JobReader } from './job-reader.service.js';
import { fingerprintOfGraph } from './quote-lock.js';
import { QuoteStore } from './quote-store.js';

/** Tells what a job would cost where. Nothing of it is run, or kept but the quote itself. */
@Injectable()
export class QuoteService {
  constructor(
    private readonly reader: JobReader,
    private readonly store: QuoteStore,
  ) {}

  async quote(tenant: string, body: JobBody, key: string = ADMIN_KEY): Promise<QuoteView> {
    if (body.routing?.quoteId != null) throw invalidRequest([{ pointer: '/routing/quoteId', message: 'A quote cannot keep to another one; leave quoteId out.' }]);
    const { graph } = await this.reader.read(tenant, body);
    const { decision } = this.reader.route(graph, body, { tenant, key, tag: graph.tag });
    const id = uuidv7();
    const expiresAt = await this.store.insert(tenant, id, fingerprintOfGraph(graph), decision);
    const { strategy: _strategy, ...told } = decision;
    return { id, expiresAt: expiresAt.toISOString(), ...told };
  }
}
