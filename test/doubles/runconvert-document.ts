type Fields = Readonly<Record<string, unknown>>;

const IMPORTS: Readonly<Record<string, readonly string[]>> = {
  'import/url': ['url', 'source_url', 'filename'],
  'import/upload': ['filename', 'file_size'],
  'import/base64': ['file', 'filename'],
  'import/s3': ['bucket', 'region', 'access_key_id', 'secret_access_key', 'key'],
  'import/google-cloud-storage': ['bucket', 'project_id', 'client_email', 'private_key', 'file'],
  'import/azure/blob': ['storage_account', 'container', 'storage_access_key', 'blob'],
  'import/sftp': ['host', 'port', 'username', 'password', 'file_string'],
};
const PROCESSING: Readonly<Record<string, readonly string[]>> = {
  convert: ['input_format', 'output_format', 'engine', 'options'],
  compress: ['engine', 'options'],
  merge: ['output_format', 'options'],
  archive: ['output_format', 'options'],
  ocr: ['language', 'options'],
  watermark: ['text', 'options'],
  thumbnail: ['output_format', 'options'],
  'export/url': ['filename', 'archive_multiple_files'],
  'export/s3': ['bucket', 'region', 'access_key_id', 'secret_access_key', 'key'],
  'export/google-cloud-storage': ['bucket', 'project_id', 'client_email', 'private_key', 'file'],
  'export/azure/blob': ['storage_account', 'container', 'storage_access_key', 'blob'],
  'export/sftp': ['host', 'port', 'username', 'password', 'file_string'],
};
const CAPTURE: Readonly<Record<string, readonly string[]>> = { capture_website: ['url', 'output_format', 'options'] };
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  convert: ['output_format'], merge: ['output_format'], archive: ['output_format'], thumbnail: ['output_format'], watermark: ['text'], capture_website: ['url', 'output_format'], 'import/base64': ['file', 'filename'],
  'import/s3': ['bucket', 'access_key_id', 'secret_access_key', 'key'], 'import/google-cloud-storage': ['bucket', 'client_email', 'private_key', 'file'],
  'import/azure/blob': ['storage_account', 'container', 'storage_access_key', 'blob'], 'import/sftp': ['host', 'username', 'password', 'file_string'],
  'export/s3': ['bucket', 'access_key_id', 'secret_access_key', 'key'], 'export/google-cloud-storage': ['bucket', 'client_email', 'private_key', 'file'],
  'export/azure/blob': ['storage_account', 'container', 'storage_access_key', 'blob'], 'export/sftp': ['host', 'username', 'password', 'file_string'],
};

/** What a body for `POST /process/jobs` says that the vendor's documents do not know. Empty: it is to the letter. */
export function jobFaults(body: unknown): string[] {
  const job = (body ?? {}) as Fields;
  const strange = Object.keys(job).filter((name) => name !== 'tag' && name !== 'tasks');
  const tasks = job['tasks'];
  if (typeof tasks !== 'object' || tasks === null || Array.isArray(tasks)) return ['tasks is not a map'];
  const names = Object.keys(tasks);
  return [
    ...strange.map((name) => `job: unknown field ${name}`),
    ...(typeof job['tag'] === 'string' ? [] : ['job: tag is missing']),
    ...Object.entries(tasks as Record<string, Fields>).flatMap(([name, task]) => taskFaults(name, task, names)),
  ];
}

function taskFaults(name: string, task: Fields, names: readonly string[]): string[] {
  const operation = String(task['operation']);
  const fields = IMPORTS[operation] ?? PROCESSING[operation] ?? CAPTURE[operation];
  if (fields === undefined) return [`${name}: no operation ${operation}`];
  const takesInput = PROCESSING[operation] !== undefined;
  const inputs = [task['input'] ?? []].flat() as unknown[];
  return [
    ...Object.keys(task).filter((field) => field !== 'operation' && !(takesInput && field === 'input') && !fields.includes(field)).map((field) => `${name} (${operation}): unknown field ${field}`),
    ...(REQUIRED[operation] ?? []).filter((field) => typeof task[field] !== 'string').map((field) => `${name} (${operation}): ${field} is missing`),
    ...(takesInput && inputs.length === 0 ? [`${name} (${operation}): no input`] : []),
    ...inputs.filter((input) => !names.includes(input as string)).map((input) => `${name} (${operation}): input ${String(input)} is no task of this job`),
    ...(operation === 'import/url' && typeof (task['url'] ?? task['source_url']) !== 'string' ? [`${name}: no address`] : []),
    ...(operation === 'import/upload' && task['file_size'] !== undefined && typeof task['file_size'] !== 'number' ? [`${name}: file_size is no number`] : []),
  ];
}
