import { ApiProperty } from '@nestjs/swagger';
import { WEBHOOK_EVENTS } from '../../conversion/job-graph.js';

/** A job's webhook as it comes back: documents what `job-view.ts` makes. */
export class WebhookView {
  @ApiProperty({ description: 'Where the job\'s events are sent.', example: 'https://caller.example/hook' })
  url!: string;

  @ApiProperty({ description: 'The events that are sent.', enum: WEBHOOK_EVENTS, isArray: true })
  events!: string[];
}
