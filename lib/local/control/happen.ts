import { randomInt } from 'node:crypto';
import { z } from 'zod';
import type { DeliveryView, ProcoreStandInControl } from '../../procore-stand-in/control.ts';
import type { StoredRecord } from '../../procore-stand-in/records.ts';
import { ControlRefusedError, type TriggerTarget } from './trigger-target.ts';

/** Something that happened at the stand-in, and what its hooks were sent of it. */
export interface Happened {
  readonly resourceId: string;
  /** As Procore's payload has it; undefined when no hook was told. */
  readonly eventId?: string;
  readonly deliveries: readonly DeliveryView[];
}

/** What an event is called in its payload, of any version. */
const identified = z.looseObject({ ulid: z.string().optional(), id: z.unknown() });

/**
 * Lets it happen at the stand-in, and waits until its hooks are told: a record that the stand-in keeps is made, changed or
 * deleted; of other resources there is the event alone.
 *
 * @param id which record; left out, one after another
 * @param index the how manieth it is
 * @throws ControlRefusedError when there is no such record
 */
export async function happen(
  control: ProcoreStandInControl,
  target: TriggerTarget,
  id: string | undefined,
  index: number,
): Promise<Happened> {
  const known = new Set(control.deliveries().map((delivery) => delivery.id));
  const resourceId = await change(control, target, id, index);
  return told(
    resourceId,
    control.deliveries().filter((delivery) => !known.has(delivery.id)),
  );
}

/** Tells hooks of the same resource again, as if it had happened at another time. @param at epoch milliseconds */
export async function happenAt(
  control: ProcoreStandInControl,
  { resource, action, companyId, projectId }: TriggerTarget,
  resourceId: string,
  at: number,
): Promise<Happened> {
  const where = { companyId, ...(projectId !== undefined && { projectId }) };
  const event = { resourceName: resource, eventType: action, resourceId, happenedAt: at, ...where };
  return told(resourceId, await control.emitEvent(event));
}

/**
 * Finds the events of a record that hooks were told of.
 *
 * @returns their ids, the newest first
 */
export function eventsOf(control: ProcoreStandInControl, resource: string, resourceId: string): readonly string[] {
  // Read as text: an id that is a number there can be too large for one here.
  const ofRecord = new RegExp(`"resource_id":\\s*"?${resourceId}"?\\s*[,}]`);
  const payloads = control.deliveries().map(({ payload }) => payload);
  const events = payloads.filter((payload) => ofRecord.test(payload) && payload.includes(JSON.stringify(resource)));
  return [...new Set(events.map(eventIdIn))].toReversed();
}

function eventIdIn(payload: string): string {
  const { ulid, id } = identified.parse(JSON.parse(payload));
  return ulid ?? String(id);
}

function told(resourceId: string, deliveries: readonly DeliveryView[]): Happened {
  const [first] = deliveries;
  if (first === undefined) return { resourceId, deliveries };
  return { resourceId, deliveries, eventId: eventIdIn(first.payload) };
}

async function change(
  control: ProcoreStandInControl,
  target: TriggerTarget,
  id: string | undefined,
  index: number,
): Promise<string> {
  const { resource, action, ownerId, companyId, projectId } = target;
  if (ownerId === undefined) {
    const resourceId = id ?? String(randomInt(1_000_000, 2 ** 31));
    const where = { companyId, ...(projectId !== undefined && { projectId }) };
    await control.emitEvent({ resourceName: resource, eventType: action, resourceId, ...where });
    return resourceId;
  }
  if (action === 'create') {
    if (id !== undefined) throw new ControlRefusedError('--id does not go with create: the stand-in gives the id.');
    return control.createRecord(resource, ownerId, { subject: 'Made by procore trigger' });
  }
  const record = pick(control.records(resource, ownerId), id, index);
  if (record === undefined) throw noSuchRecord(target, id);
  if (action === 'delete') await control.deleteRecord(resource, ownerId, record.id);
  else await control.changeRecord(resource, ownerId, record.id);
  return record.id;
}

/** Others each time: an event waits for those of its resource that are not done. */
function pick(records: readonly StoredRecord[], id: string | undefined, index: number): StoredRecord | undefined {
  if (id !== undefined) return records.find((record) => record.id === id);
  return records[(records.length - 1 - (index % records.length)) % records.length];
}

function noSuchRecord({ resource, ownerId }: TriggerTarget, id: string | undefined): ControlRefusedError {
  return new ControlRefusedError(
    id === undefined
      ? `There are no ${resource} in ${ownerId} yet. Make one: npm run procore -- trigger "${resource}.create".`
      : `There is no record ${id} of ${resource} in ${ownerId}. See: npm run procore -- stand-in list "${resource}".`,
  );
}
