import { Injectable } from '@nestjs/common';
import { Database } from './database.js';

/** Tells the workers that something became due, after it was committed. */
@Injectable()
export class DueNotice {
  constructor(private readonly database: Database) {}

  give(): void {
    this.database.tell('conversion_due', '');
  }
}
