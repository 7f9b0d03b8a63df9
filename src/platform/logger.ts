import type { LoggerService } from '@nestjs/common';
import pino from 'pino';

/** Contexts in which Nest tells of its own start: of interest to who debugs it. */
const WIRING: ReadonlySet<string> = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']);

/**
 * Nest's log on pino: one JSON object a line. Only texts and plain objects that our own code made are logged; foreign errors are mapped
 * before they come here, because they carry headers and bodies.
 */
export class PinoLogger implements LoggerService {
  private readonly pino: pino.Logger;

  constructor(level: string) {
    const output = pino.destination({ fd: 1, sync: true });
    // A log that nobody reads any more must not end the service.
    output.on('error', () => undefined);
    this.pino = pino({ level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime }, output);
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.write(WIRING.has(String(rest.at(-1))) ? 'debug' : 'info', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** Nest puts the context last. */
  private write(level: pino.Level, message: unknown, rest: readonly unknown[]): void {
    const context = rest.at(-1);
    const fields = { context: typeof context === 'string' ? context : undefined };
    if (message instanceof Error) this.pino[level]({ ...fields, error: { name: message.name, message: message.message, stack: message.stack } });
    else if (typeof message === 'object' && message !== null) this.pino[level]({ ...fields, ...message });
    else this.pino[level](fields, String(message));
  }
}
