/** An update of a state that stands in the code as words. `from` is empty where its guard is not written out. */
export interface Move {
  readonly path: string;
  readonly table: string;
  readonly from: readonly string[];
  readonly to: string;
}

/** Up to the next part of a WITH, where it is one. */
const UPDATE = /UPDATE (job|stage|attempt|job_step|job_export|delivery)\b(?: \w)? SET ((?:(?!\bAS (?:MATERIALIZED )?\()[^`])*)/g;
const words = (text: string): string[] => [...text.matchAll(/'(\w+)'/g)].map(([, word]) => word ?? '');

/** Finds them in SQL between backticks: what is set, also by CASE, and what the WHERE compares with. */
export function literalMoves(sources: readonly { readonly path: string; readonly text: string }[]): readonly Move[] {
  return sources.flatMap(({ path, text }) =>
    [...text.matchAll(UPDATE)].flatMap(([, table = '', statement = '']) => {
      const [set = '', where = ''] = statement.split(/\bWHERE\b/, 2);
      const from = [...where.matchAll(/\bstatus (?:= ('\w+')|IN \(([^)]*)\))/g)].flatMap(([, one, several]) => words(one ?? several ?? ''));
      const plain = /\bstatus = '(\w+)'/.exec(set);
      const byCase = /\bstatus = (CASE .*? END)/.exec(set);
      const targets = plain !== null ? [plain[1] ?? ''] : [...(byCase?.[1] ?? '').matchAll(/THEN '(\w+)'/g)].map(([, word]) => word ?? '');
      return targets.map((to) => ({ path, table, from, to }));
    }),
  );
}
