import { Injectable } from '@nestjs/common';
import { Database } from './database.js';

/**
 * Tells the workers that something became due, after it was committed. Jobs that come together share one word: PostgreSQL lets only one commit
 * at a time carry a NOTIFY to the disk, so that one in each of them would make them queue. A word that is lost costs one turn of the workers' own look-out.
 */
@Injectable()
export class DueNotice {
  private speaking = false;
  private again = false;

  constructor(private readonly database: Database) {}

  give(): void {
    this.again = true;
    if (!this.speaking) void this.speak();
  }

  private async speak(): Promise<void> {
    this.speaking = true;
    while (this.again) {
      this.again = false;
      await this.database.query({ name: 'due_notice', text: "SELECT pg_notify('conversion_due', '')" }).catch(() => undefined);
    }
    this.speaking = false;
  }
}
