import type { FastifyInstance, FastifyRequest } from 'fastify';
import { findEntry } from './catalogue.js';
import { accountKeyOf, findOr404, requireAccount } from './context.js';
import type { JsonObject } from './job.js';
import { listed } from './job-routes.js';
import { Presets, type Preset, type PresetQuery } from './presets.js';
import { invalid, readLoose, readObject } from './read-body.js';
import { phpObject } from './views.js';

/** `/presets`. The public ones can be listed without a key (authentication guide), and only listed. */
export function registerPresetRoutes(app: FastifyInstance, presets: Presets): void {
  const config = { config: { call: 'account' } } as const;
  const own = (request: FastifyRequest): Preset => findOr404(presets.ofAccount(requireAccount(request)), (request.params as { presetId: string }).presetId, 'preset');

  app.get('/presets', config, async (request, reply) => {
    const key = accountKeyOf(request) === null ? null : requireAccount(request);
    return listed(reply, presets.search(key, request.query as PresetQuery).map(view));
  });
  app.post('/presets', config, async (request, reply) => {
    const key = requireAccount(request);
    const { name, target, category, scope, options } = readObject(request.body, 'preset');
    if (typeof name !== 'string' || name === '') throw invalid('name', 'The name of the preset is missing');
    const entry = typeof target === 'string' ? findEntry(target, typeof category === 'string' ? category : null) : null;
    if (!entry) throw invalid('target', 'The target of the preset does not exist');
    if (scope !== undefined && scope !== 'private' && scope !== 'public') throw invalid('scope', 'The scope of the preset does not exist');
    const preset = presets.add({ key, category: entry.category, scope: scope ?? 'private', name, target: entry.target, options: readLoose(options) });
    return reply.code(201).send(view(preset));
  });
  app.get('/presets/:presetId', config, async (request) => view(own(request)));
  app.patch('/presets/:presetId', config, async (request) => {
    const preset = own(request);
    const { name, target, options } = readObject(request.body, 'preset');
    if (target !== undefined && (typeof target !== 'string' || !findEntry(target, preset.category))) throw invalid('target', 'The target of the preset does not exist');
    if (typeof name === 'string' && name !== '') preset.name = name;
    if (typeof target === 'string') preset.target = target;
    if (options !== undefined) preset.options = readLoose(options);
    return view(preset);
  });
  app.delete('/presets/:presetId', config, async (request, reply) => {
    presets.remove(own(request));
    return reply.code(204).send();
  });
}

/** Of a preset of the vendor's own, the options are not told. */
function view({ id, key, name, target, category, scope, options }: Preset): JsonObject {
  const shown = { id, name, target, category, scope };
  return key !== null ? { ...shown, options: phpObject(options) } : shown;
}
