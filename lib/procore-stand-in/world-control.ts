import type { WorldControl } from './control.ts';
import { withDefaults } from './records.ts';
import { resourceKinds } from './resource-kinds.ts';
import { type Telling, tellHooks } from './tell-hooks.ts';
import { addCompanies, findProject, makeRfis } from './world.ts';

/** Makes what changes companies, projects and records, as people do in Procore. */
export function worldControl(parts: Telling): WorldControl {
  return { ...accessOf(parts), ...recordControl(parts) };
}

function accessOf({
  world,
}: Telling): Pick<
  WorldControl,
  'companies' | 'disconnected' | 'setCompanies' | 'setSeen' | 'setConnected' | 'setForbidden'
> {
  return {
    companies: () => world.companies,
    disconnected: () => [...world.disconnected],
    setCompanies: (count) => addCompanies(world, count),
    setSeen: (companyId, seen) => {
      if (seen) world.unseen.delete(companyId);
      else world.unseen.add(companyId);
    },
    setConnected: (companyId, connected) => {
      if (connected) world.disconnected.delete(companyId);
      else world.disconnected.add(companyId);
    },
    setForbidden: (id, kind) => {
      if (kind) world.forbidden.set(id, kind);
      else world.forbidden.delete(id);
    },
  };
}

function recordControl(parts: Telling): Omit<WorldControl, keyof ReturnType<typeof accessOf>> {
  const { clock, deliveries, world } = parts;
  const tell = async (resourceName: string, ownerId: string, eventType: string, resourceId: string): Promise<void> => {
    const project = kindOf(resourceName).level === 'project' ? findProject(world, ownerId) : undefined;
    const owner = project ? { companyId: project.companyId, projectId: project.id } : { companyId: ownerId };
    tellHooks(parts, { resourceName, eventType, resourceId, ...owner });
    await deliveries.settle();
  };
  return {
    records: (resourceName, ownerId) => world.records.list(resourceName, ownerId),
    createRecord: async (resourceName, ownerId, fields = {}) => {
      const filled = withDefaults(kindOf(resourceName), fields, clock.now());
      const { id } = world.records.add(resourceName, ownerId, filled, clock.now());
      await tell(resourceName, ownerId, 'create', id);
      return id;
    },
    changeRecord: async (resourceName, ownerId, id, fields = {}) => {
      const changed = world.records.change(resourceName, ownerId, id, { fields, now: clock.now() });
      if (!changed) throw new Error(`There is no record ${id} of ${resourceName} in ${ownerId}.`);
      await tell(resourceName, ownerId, 'update', id);
    },
    deleteRecord: async (resourceName, ownerId, id) => {
      if (!world.records.remove(resourceName, ownerId, id)) {
        throw new Error(`There is no record ${id} of ${resourceName} in ${ownerId}.`);
      }
      await tell(resourceName, ownerId, 'delete', id);
    },
    lockRecord: (id, why) => {
      if (why === undefined) world.locks.delete(id);
      else world.locks.set(id, why);
    },
    setActive: (projectId, active) => {
      const project = findProject(world, projectId);
      if (!project) return;
      project.isActive = active;
      world.keep(project);
    },
    setRfiCount: (projectId, count) => {
      const project = findProject(world, projectId);
      if (!project) return;
      const firstId = world.records.list('RFIs', projectId)[0]?.id ?? '700001';
      world.records.replace('RFIs', projectId, makeRfis(firstId, count, project.name, clock.now()));
    },
    setLocked: (projectId, locked) => {
      const project = findProject(world, projectId);
      if (!project) return;
      const { costs } = project;
      costs.splice(0, costs.length, ...costs.map((cost) => ({ ...cost, locked })));
      world.keep(project);
    },
    setTruncated: (truncated) => {
      world.truncatesLists = truncated;
    },
  };
}

function kindOf(resourceName: string) {
  const kind = resourceKinds.find(({ name }) => name === resourceName);
  if (!kind) throw new Error(`The stand-in keeps no ${resourceName}.`);
  return kind;
}
