/** SQLSTATE classes and codes, and Node's own, that speak of the server's state and not of the statement. */
const TROUBLE = /^(08|53|57P0[1-5]|25006|25P0[34]|40001|40P01|55P03|57014|58|EMFILE|ENFILE|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH)/;
const WORDS = /Connection terminated|no connection became free|timeout exceeded when trying to connect|Client has encountered a connection error|Connection ended|the database system is/i;

/** What is the matter with the database, in a few words, when an error means that it cannot serve now; else null. */
export function databaseTrouble(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && TROUBLE.test(code)) return `${code} ${error.message}`.slice(0, 200);
  if (WORDS.test(error.message)) return error.message.slice(0, 200);
  const inner = (error as { errors?: unknown }).errors;
  return Array.isArray(inner) ? (inner.map(databaseTrouble).find((word) => word !== null) ?? null) : null;
}

/** SQLSTATE of a statement that the server gave up and took back, while the connection went on. */
const TAKEN_BACK = /^(?!08|57P)\d[0-9A-Z]{4}$/;

/** Whether nobody can tell if what failed so was committed all the same: the connection broke, or could not be had. */
export function outcomeIsLost(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return databaseTrouble(error) !== null && !(typeof code === 'string' && TAKEN_BACK.test(code));
}
