import { Controller, Get, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { ApiOperation, ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Database } from '../platform/database.js';
import { Problem, unavailable } from './problem.js';
import { Problems } from './problem.docs.js';

class HealthView {
  @ApiProperty({ description: '"ok".', example: 'ok' })
  status!: string;
}

const PATIENCE_MS = 1000;

/** Whether this process should get requests: not while it stops, nor while its database is away or takes no writes. */
@Injectable()
export class Readiness implements BeforeApplicationShutdown {
  private stopping = false;

  constructor(private readonly database: Database) {}

  beforeApplicationShutdown(): void {
    this.stopping = true;
  }

  stop(): void {
    this.stopping = true;
  }

  async check(): Promise<void> {
    if (this.stopping) throw unavailable('The service is stopping.', 5);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error('late')), PATIENCE_MS)));
    try {
      const [row] = await Promise.race([this.database.query<{ readOnly: boolean }>(`SELECT current_setting('transaction_read_only') = 'on' AS "readOnly"`), late]);
      if (row?.readOnly === true) throw unavailable('The database takes no writes.', 1);
    } catch (error) {
      throw error instanceof Problem ? error : unavailable('The database does not answer.', 1);
    } finally {
      clearTimeout(timer);
    }
  }
}

@ApiTags('operations')
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  @Get('live')
  @ApiOperation({ summary: 'Whether the process lives' })
  @ApiResponse({ status: 200, description: 'It does.', type: HealthView })
  live(): HealthView {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({ summary: 'Whether the process can serve' })
  @ApiResponse({ status: 200, description: 'It can.', type: HealthView })
  @Problems(503)
  async ready(): Promise<HealthView> {
    await this.readiness.check();
    return { status: 'ok' };
  }
}
