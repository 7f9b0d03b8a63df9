import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A vendor's door on 127.0.0.1, which can be shut (connections are refused) and opened again on the same port. */
export class Listener {
  private port = 0;
  private open = false;

  constructor(private readonly server: Server) {}

  get isOpen(): boolean {
    return this.open;
  }

  /** `http://127.0.0.1:<port>`; known once it has been opened. */
  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Rejects with the system's error where the port is taken. */
  async start(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, '127.0.0.1', () => {
        this.server.off('error', reject);
        resolve();
      });
    });
    this.port = (this.server.address() as AddressInfo).port;
    this.open = true;
  }

  async setListening(listening: boolean): Promise<void> {
    if (listening === this.open) return;
    if (listening) await this.start(this.port);
    else await this.stop();
  }

  /** Refuses connections from now on and cuts those that are there. */
  async stop(): Promise<void> {
    if (!this.open) return;
    this.open = false;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await closed;
  }
}
