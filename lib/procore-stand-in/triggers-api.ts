import { answerEmptySubList, answerList, refuseCall, type StandInCall } from './api-call.ts';
import { isRecord } from './exact-json.ts';
import { writeTrigger } from './hook-bodies.ts';
import { type Hook, type Trigger, webhookResources } from './hooks.ts';
import type { HooksApiContext } from './hooks-api-context.ts';
import { type Answer, jsonAnswer, readJson, textAnswer } from './http-exchange.ts';

/** Most triggers in one bulk call. @see [PROCORE.md, section 3.3](PROCORE.md#33-endpoints-of-v10) */
const mostInBulk = 500;

type TriggerReading =
  | { readonly resourceName: string; readonly eventType: string }
  | {
      readonly resourceName: string;
      readonly property: string;
      readonly message: string;
      readonly unprocessable?: true;
    };

/** Answers the endpoints under `…/hooks/{hook_id}/triggers`; undefined for any other path or method. */
export function answerTriggers(
  call: StandInCall,
  context: HooksApiContext,
  hook: Hook,
  rest: string,
): Answer | undefined {
  const { method } = call.request;
  const { book, hooks } = context;
  const write = (trigger: Trigger) => writeTrigger(hook, trigger, book, call.unknowns);

  if (rest === '/triggers' && method === 'GET') {
    if (hook.triggers.length === 0 && call.unknowns.emptySubList !== 'empty') return answerEmptySubList(call);
    return answerList(call, 'triggers', hook.triggers, write);
  }
  if (rest === '/triggers' && method === 'POST') {
    const reading = readTrigger(readJson(call.request), call, hook);
    if ('message' in reading) {
      return refuseCall(call, reading.unprocessable ? 'unprocessable' : 'badRequest', {
        property: reading.property,
        message: reading.message,
      });
    }
    return jsonAnswer(201, { data: write(hooks.addTrigger(hook.id, reading.resourceName, reading.eventType)) });
  }
  if (rest === '/triggers/bulk' && method === 'POST') return createInBulk(call, context, hook);
  if (rest === '/triggers/bulk' && method === 'DELETE') return deleteInBulk(call, context, hook);
  const triggerId = /^\/triggers\/(\d+)$/.exec(rest)?.[1];
  if (triggerId === undefined || method !== 'DELETE') return undefined;
  return hooks.removeTrigger(hook.id, triggerId) ? textAnswer(204, '') : refuseCall(call, 'notFound');
}

function createInBulk(call: StandInCall, { book, hooks }: HooksApiContext, hook: Hook): Answer {
  const body = readJson(call.request);
  if (!Array.isArray(body)) return refuseCall(call, 'badRequest', { property: 'body', message: 'must be an array' });
  if (body.length > mostInBulk) return refuseCall(call, 'tooLarge', { message: `At most ${mostInBulk} triggers` });
  const success: unknown[] = [];
  const failed: unknown[] = [];
  for (const item of body) {
    const reading = readTrigger(item, call, hooks.find(hook.id) ?? hook);
    if ('message' in reading) failed.push(book.fill('bulkFailure', { ...reading }));
    else {
      const trigger = hooks.addTrigger(hook.id, reading.resourceName, reading.eventType);
      success.push(writeTrigger(hook, trigger, book, call.unknowns));
    }
  }
  const data = call.unknowns.bulkOutcome === 'list' ? { data: [...success, ...failed] } : { success, failed };
  return jsonAnswer(failed.length === 0 ? 201 : 207, data);
}

function deleteInBulk(call: StandInCall, { hooks }: HooksApiContext, hook: Hook): Answer {
  const body = readJson(call.request);
  if (!Array.isArray(body) || !body.every((id) => typeof id === 'string')) {
    return refuseCall(call, 'badRequest', { property: 'body', message: 'must be an array of strings' });
  }
  if (body.length > mostInBulk) return refuseCall(call, 'tooLarge', { message: `At most ${mostInBulk} triggers` });
  const outcomes = body.map((id) => ({ id, removed: hooks.removeTrigger(hook.id, id) }));
  const succeeded = outcomes.filter(({ removed }) => removed).map(({ id }) => id);
  const failed = outcomes.filter(({ removed }) => !removed).map(({ id }) => id);
  return failed.length === 0
    ? jsonAnswer(200, { data: { succeeded } })
    : jsonAnswer(207, { data: { succeeded, failed } });
}

/** Reads a trigger. A name of the other level is kept without a word, as Procore does; it then never fires. */
function readTrigger(body: unknown, { unknowns }: StandInCall, hook: Hook): TriggerReading {
  const { resource_name: resourceName, event_type: eventType } = isRecord(body) ? body : {};
  if (typeof resourceName !== 'string' || resourceName === '') {
    return { resourceName: '', property: 'resource_name', message: "Can't be blank" };
  }
  if (typeof eventType !== 'string' || eventType === '') {
    return { resourceName, property: 'event_type', message: "Can't be blank" };
  }
  if (!['create', 'update', 'delete'].includes(eventType)) {
    return { resourceName, property: 'event_type', message: 'event_type is not included in the list' };
  }
  const known = [...webhookResources.company, ...webhookResources.project].some(({ name }) => name === resourceName);
  if (!known && unknowns.unknownResourceName === 'refused') {
    return {
      resourceName,
      property: 'resource_name',
      message: 'resource_name is not a webhook resource',
      unprocessable: true,
    };
  }
  const repeated = hook.triggers.some((one) => one.resourceName === resourceName && one.eventType === eventType);
  if (repeated && unknowns.repeatedTrigger === 'refused') {
    return { resourceName, property: 'event_type', message: 'trigger has already been taken', unprocessable: true };
  }
  return { resourceName, eventType };
}
