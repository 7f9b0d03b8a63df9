import type { FastifyInstance } from 'fastify';
import { findEntry } from './catalogue.js';
import { findOr404, requireAccount } from './context.js';
import { newId, type JsonObject } from './job.js';
import { listed } from './job-routes.js';
import { invalid, readLoose, readObject } from './read-body.js';

interface Preset {
  readonly id: string;
  readonly key: string;
  readonly category: string;
  name: string;
  target: string;
  options: JsonObject;
}

/** `/presets`: named option sets of an account; there are no public ones here. */
export function registerPresetRoutes(app: FastifyInstance): { clear(): void } {
  let presets: Preset[] = [];
  const mine = (key: string): Preset[] => presets.filter((preset) => preset.key === key);

  app.get('/presets', async (request, reply) => {
    const { category, target } = request.query as { category?: string; target?: string };
    const found = mine(requireAccount(request)).filter((preset) => (!category || preset.category === category) && (!target || preset.target === target));
    return listed(reply, found.map(view));
  });
  app.post('/presets', async (request, reply) => {
    const key = requireAccount(request);
    const { name, target, category, options } = readObject(request.body, 'preset');
    if (typeof name !== 'string' || name === '') throw invalid('name', 'The name of the preset is missing');
    const entry = typeof target === 'string' ? findEntry(target, typeof category === 'string' ? category : null) : null;
    if (!entry) throw invalid('target', 'The target of the preset does not exist');
    const preset: Preset = { id: newId(), key, category: entry.category, name, target: entry.target, options: readLoose(options) };
    presets.push(preset);
    return reply.code(201).send(view(preset));
  });
  app.get('/presets/:presetId', async (request) => view(findOr404(mine(requireAccount(request)), idOf(request.params), 'preset')));
  app.patch('/presets/:presetId', async (request) => {
    const preset = findOr404(mine(requireAccount(request)), idOf(request.params), 'preset');
    const { name, target, options } = readObject(request.body, 'preset');
    if (target !== undefined && (typeof target !== 'string' || !findEntry(target, preset.category))) throw invalid('target', 'The target of the preset does not exist');
    if (typeof name === 'string' && name !== '') preset.name = name;
    if (typeof target === 'string') preset.target = target;
    if (options !== undefined) preset.options = readLoose(options);
    return view(preset);
  });
  app.delete('/presets/:presetId', async (request, reply) => {
    const preset = findOr404(mine(requireAccount(request)), idOf(request.params), 'preset');
    presets = presets.filter((one) => one !== preset);
    return reply.code(204).send();
  });
  return { clear: () => (presets = []) };
}

function idOf(params: unknown): string {
  return (params as { presetId: string }).presetId;
}

function view({ id, name, target, category, options }: Preset): JsonObject {
  return { id, name, target, category, scope: 'private', options };
}
