import { createHash } from 'node:crypto';
import fastify from 'fastify';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';

/*
 * What keeping a callback costs at the least: the same row, with nothing around it. No token is looked up (the bench's tokens say which attempt they are
 * of), no signature is checked, nobody is woken. The statement is prepared, as a good bare server would.
 */

const INSERT = `
  INSERT INTO callback (id, provider, attempt_id, provider_job_id, body_hash, body, outcome) VALUES ($1, $2, $3, $4, $5, $6, 'proven')
  ON CONFLICT (provider, body_hash) DO NOTHING`;

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 20, idleTimeoutMillis: 60_000 });
pool.on('error', () => undefined);
const app = fastify();
app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body));

app.post<{ Params: { provider: string; token: string }; Body: string }>('/v1/callbacks/:provider/:token', async ({ params: { provider, token }, body }, reply) => {
  const { id } = JSON.parse(body) as { id: string };
  const attempt = `01900000-0000-7000-8000-${token.slice(-12)}`;
  await pool.query({ name: 'insert', text: INSERT, values: [uuidv7(), provider, attempt, id, createHash('sha256').update(token).update(body).digest('hex'), body] });
  return reply.code(204).send();
});

process.once('SIGTERM', () => void app.close().then(() => pool.end()).then(() => process.exit(0)));
process.once('disconnect', () => process.exit(0));
process.send?.({ url: await app.listen({ port: 0, host: '127.0.0.1' }) });
