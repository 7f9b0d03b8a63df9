/** What an adapter offers whose vendor lists an account's jobs. */
export interface ListsJobs {
  /**
   * One page of the account's jobs, for when so many run that reading them one by one costs too much. Without those that have ended where the vendor's
   * documents name such a filter. `cursor`: null for the first page, then the `next` of the page before.
   */
  list(cursor: string | null, signal: AbortSignal): Promise<JobPage>;
}

/** `next` null: there is no other page. */
export interface JobPage {
  readonly jobs: readonly ListedJob[];
  readonly next: string | null;
}

/** How a job stands as far as a list tells. One that runs has the very word that reading it would give; how one ended is for a read to say. */
export type ListedJob = { readonly providerJobId: string } & (
  | { readonly state: 'running'; readonly progress: number | null; readonly word: string }
  | { readonly state: 'ended' }
);
