/** Ports that a browser never fetches from: WHATWG Fetch, "port blocking". */
const NOT_FOR_HTTP = [
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135,
  137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720,
  1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

/** Databases, queues, caches and control planes: nothing that answers with a file or takes a webhook. */
const STORES_AND_CONTROL = [1433, 1521, 2375, 2376, 2379, 2380, 3306, 3389, 5432, 5672, 5900, 6379, 9042, 9092, 9200, 9300, 10250, 11211, 27017, 27018, 27019];

const CLOSED: ReadonlySet<number> = new Set([...NOT_FOR_HTTP, ...STORES_AND_CONTROL]);

/** The port that a URL means: its own, or its scheme's. */
export function portOf(url: { readonly protocol: string; readonly port: string }): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

/** Whether outbound requests may use a port at any public address. */
export function isOpenPort(port: number): boolean {
  return !CLOSED.has(port);
}
