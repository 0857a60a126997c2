import { z } from 'zod';
import { procoreEnvironmentNames } from '../functions/procore/environment.ts';
import { failingRoutes, failures } from './stand-in-words.ts';

// What `procore trigger` and `procore stand-in` ask of the local system. It listens at the endpoint of its AWS, which wants
// the same key.

/** Where the local system takes these calls. */
export const controlPath = '/local-control';

/** The header with the access key id, as in a signature of AWS. */
export const controlKeyHeader = 'x-local-key';

const id = z.string().regex(/^\d+$/);
const where = { environment: z.enum(procoreEnvironmentNames).optional() };

/** Something to do at a stand-in, without its environment. */
export const standInAction = z.discriminatedUnion('do', [
  z.object({ do: z.literal('status') }),
  z.object({ do: z.literal(['down', 'up', 'outages', 'limit', 'revoke', 'refuse-tokens']) }),
  z.object({ do: z.literal('slow'), milliseconds: z.number().int().positive() }),
  z.object({
    do: z.literal('fail'),
    route: z.enum(failingRoutes),
    how: z.enum(failures),
    times: z.number().int().positive(),
  }),
  z.object({ do: z.literal(['disconnect', 'reconnect']), company: id }),
  z.object({ do: z.literal(['disable-hook', 'enable-hook']), hook: id.optional() }),
  z.object({ do: z.literal('companies'), count: z.number().int().positive() }),
  z.object({ do: z.literal('list'), what: z.string(), company: id.optional(), project: id.optional() }),
]);

const trigger = z.object({
  do: z.literal('trigger'),
  /** As Procore's catalogue names it. */
  resource: z.string(),
  action: z.string(),
  company: id.optional(),
  project: id.optional(),
  id: id.optional(),
  times: z.number().int().positive(),
  again: z.enum(['old', 'duplicate']).optional(),
});

/** What the command line asks of the local system. */
export const controlRequest = z.intersection(z.object(where), z.union([standInAction, trigger]));

/** See {@link controlRequest}. */
export type ControlRequest = z.infer<typeof controlRequest>;

/** See {@link standInAction}. */
export type StandInAction = z.infer<typeof standInAction>;

/** What `procore trigger` asks for. */
export type TriggerRequest = z.infer<typeof trigger>;

/** What the local system answers: lines for people and the same for programs, or why it did nothing. */
export const controlAnswer = z.union([
  z.object({ text: z.string(), data: z.unknown(), failed: z.boolean().optional() }),
  z.object({ refused: z.object({ code: z.string(), message: z.string() }) }),
]);

/** See {@link controlAnswer}. */
export type ControlAnswer = z.infer<typeof controlAnswer>;

/** The commands of `procore stand-in`, in the order of help. */
export const standInCommands = [
  ...(['status', 'list', 'down', 'slow', 'outages', 'fail', 'up', 'limit', 'revoke', 'refuse-tokens'] as const),
  ...(['disconnect', 'reconnect', 'disable-hook', 'enable-hook', 'companies'] as const),
] satisfies readonly StandInAction['do'][];
