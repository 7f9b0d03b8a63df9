import module from 'node:module';

/*
 * The entry point loads nothing before it knows that it can: dependencies want a newer Node than an old machine has, and say so in riddles.
 * Compiled code is kept between starts, which halves the time they take.
 */
const OLDEST = 22;

if (Number(process.versions.node.split('.')[0]) < OLDEST) {
  process.stderr.write(`The gateway runs on Node ${OLDEST} or newer; this is ${process.version}. \`npm start\` brings its own.\n`);
  process.exit(1);
}
module.enableCompileCache();
await import('./gateway.js');
