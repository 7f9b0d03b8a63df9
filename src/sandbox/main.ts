import { startSandbox } from './sandbox.js';
import { readSettings } from './settings.js';

/** The two vendors as a process. Ends with 0 on SIGTERM, SIGINT and when the process that forked it goes. */
async function main(): Promise<void> {
  const sandbox = await startSandbox(readSettings(process.env));
  let closing = false;
  const end = (): void => {
    if (closing) return;
    closing = true;
    sandbox.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  process.once('disconnect', end);
  console.log(`sandbox api2convert ${sandbox.api2convertUrl}`);
  console.log(`sandbox runconvert ${sandbox.runconvertUrl}`);
  process.send?.({ type: 'ready', api2convert: sandbox.api2convertUrl, runconvert: sandbox.runconvertUrl });
}

main().catch((error: unknown) => {
  const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE' && 'port' in error;
  const reason = taken ? `port ${String(error.port)} of 127.0.0.1 is in use` : error instanceof Error ? error.message : String(error);
  console.error(`sandbox could not start: ${reason}`);
  process.exit(1);
});
