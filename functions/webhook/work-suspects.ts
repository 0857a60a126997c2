import { longestUnclosed } from './killers.ts';
import type { WorkDependencies } from './work-dependencies.ts';
import { deleteDone, type Progress, postpone, type Received, startReserve, workItem } from './work-groups.ts';

/**
 * Works what suspects head, one message after another; those last of which a try is known to have had no end. Before each
 * the others that are done are deleted: they must not come again because this one ends the process.
 */
export async function workSuspects(
  groups: readonly (readonly Received[])[],
  progress: Progress,
  dependencies: WorkDependencies,
): Promise<void> {
  const hasOpen = (items: readonly Received[]) => items.some((item) => 'isOpen' in item && item.isOpen);
  const inTurn = [...groups.filter((items) => !hasOpen(items)), ...groups.filter(hasOpen)];
  for (const items of inTurn) {
    for (const [index, item] of items.entries()) {
      const isInTime = progress.begun === 0 || dependencies.remaining() >= startReserve;
      if (isInTime) await deleteDone(progress, dependencies);
      const pause = isInTime ? await workItem(item, progress, dependencies) : 0;
      if (pause === 'done') continue;
      // A suspect that is to be back soon may have an open try: later it would look as if its process had died.
      const isSoon = 'isSuspect' in item && item.isSuspect && pause <= longestUnclosed;
      await postpone(items.slice(index), pause, dependencies, isSoon ? 0 : undefined);
      break;
    }
  }
}
