import { buildCommand, buildRouteMap, type Command, type RouteMap, type TypedCommandParameters } from '@stricli/core';
import { type Flags, type Parameters, showCommandHelp, showGroupHelp } from './help.ts';
import type { Context, Report, Session, StackSession } from './session.ts';
import { jsonFlag, localFlags, type SharedFlags, stackFlags } from './shared-parameters.ts';

/*
 * How to add a command
 *
 * 1. Write what it does in lib/operator/actions/NAME.ts: a function of the session, the flags and the values, which
 *    returns a report: `data` for `--json`, `text` for people, `exitCode` where a check failed. It prints nothing
 *    itself, with two exceptions: `terminal.tell(line)` for what people must see before the end, and
 *    `terminal.print(line)` for output without end (tail).
 * 2. Define it in lib/operator/commands/NAME.ts: `stackCommand({brief, examples, parameters, action})`, or `command`
 *    when it needs no deployed stack, or `localCommand` when only a local system can do it. TypeScript checks the parameters against the action. `action` imports the file of
 *    step 1 only when the command runs, so that help and completion load no AWS SDK.
 * 3. Enter it in lib/operator/commands.ts, then run `npm run readme`: the documents' table is made from the definitions.
 * 4. What takes longer than a second runs in `terminal.working('Asking Procore', (say) => …)`.
 * 5. Errors are OperatorError with a literal code and one of exitCodes; domain errors with a code of their own may fly
 *    as they are. The text says what was wrong, what was got and what to do.
 * 6. A secret comes from `terminal.askSecret` or an environment variable, never from an option, and is given to
 *    `terminal.conceal` at once: what is concealed cannot appear in any output, error texts included. A parser never
 *    repeats a value that may be a secret.
 * 7. AWS is spoken in deployment.ts alone; adapters of functions/aws take the clients that it gives.
 * 8. Test it in test/operator/NAME.test.ts against a running local system (test/operator/operator.ts).
 */

/** A line to type that does something useful as it stands, or after one value in it is replaced. */
export type Example = `npm run ${'' | '--silent '}procore -- ${string}`;

/** A command, with what the documents show of it. */
export interface ProcoreCommand extends Command<Context> {
  readonly examples: readonly Example[];
  /** Its own flags and values, without those that it has in common with others. */
  readonly own: Parameters;
  /** Does what it does, with flags and values that were read already: for the console, whose forms are made of `own`. */
  act(session: StackSession, flags: Readonly<Record<string, unknown>>, values: readonly unknown[]): Promise<Report>;
}

/** What a command does, once its command line is read. */
type Action<SESSION, FLAGS, ARGS extends readonly unknown[]> = (
  session: SESSION,
  flags: FLAGS,
  ...values: ARGS
) => Promise<Report>;

/** stricli's own constraint on the flags of a command: any object type, interfaces included. */
type AnyFlags<FLAGS> = Readonly<Partial<Record<keyof FLAGS, unknown>>>;

/** The typed definition of a command: parser, help, completion and documents are made of it. */
interface Definition<SESSION, FLAGS extends AnyFlags<FLAGS>, ARGS extends readonly unknown[]> {
  /** One sentence without its full stop: what it does. */
  readonly brief: string;
  /** At least one; a command without an example does not compile. */
  readonly examples: readonly [Example, ...Example[]];
  /** Flags and values, checked against the action's. Names are camelCase here and `--kebab-case` on the command line. */
  readonly parameters: NoInfer<TypedCommandParameters<FLAGS, ARGS, Context>>;
  /** Loads what the command does. */
  readonly action: () => Promise<Action<SESSION, FLAGS, ARGS>>;
}

type AllFlags = SharedFlags & Readonly<Record<string, unknown>>;

/** A definition whose parameters were checked against its action; from here on only names and parsers matter. */
interface CheckedDefinition {
  readonly brief: string;
  readonly examples: readonly Example[];
  readonly parameters: Parameters;
  readonly action: () => Promise<Action<StackSession, SharedFlags, readonly unknown[]>>;
}

/** Defines a command that needs no deployed stack; see the top of this file. */
export function command<FLAGS extends AnyFlags<FLAGS> = NonNullable<unknown>, ARGS extends readonly unknown[] = []>(
  definition: Definition<Session, FLAGS, ARGS>,
): ProcoreCommand {
  return define(definition as unknown as CheckedDefinition, jsonFlag as unknown as Flags);
}

/** Defines a command that works on a deployed stack, or on the local system; see the top of this file. */
export function stackCommand<
  FLAGS extends AnyFlags<FLAGS> = NonNullable<unknown>,
  ARGS extends readonly unknown[] = [],
>(definition: Definition<StackSession, FLAGS, ARGS>): ProcoreCommand {
  return define(definition as unknown as CheckedDefinition, { ...jsonFlag, ...stackFlags } as unknown as Flags);
}

/** Defines a command that works on the local system alone; see the top of this file. */
export function localCommand<
  FLAGS extends AnyFlags<FLAGS> = NonNullable<unknown>,
  ARGS extends readonly unknown[] = [],
>(definition: Definition<StackSession, FLAGS, ARGS>): ProcoreCommand {
  const shared = { ...jsonFlag, ...localFlags } as unknown as Flags;
  return define(definition as unknown as CheckedDefinition, shared, { local: true });
}

function define(
  { brief, examples, parameters: own, action }: CheckedDefinition,
  sharedFlags: Flags,
  always: Partial<SharedFlags> = {},
): ProcoreCommand {
  const parameters = { ...own, flags: withoutPrototype({ ...own.flags, ...sharedFlags }) };
  const built = buildCommand<AllFlags, readonly unknown[], Context>({
    docs: { brief },
    parameters: parameters as unknown as TypedCommandParameters<AllFlags, readonly unknown[], Context>,
    loader: async () => {
      const act = await action();
      return async function (flags, ...values) {
        this.report(await act(this.session({ ...flags, ...always }), flags, ...values), flags.json);
      };
    },
  });
  return {
    ...built,
    examples,
    own,
    act: async (session, flags, values) => (await action())(session, { json: true, ...flags }, ...values),
    formatHelp: ({ prefix }) =>
      showCommandHelp({ words: prefix.join(' '), brief, examples, parameters: own, sharedFlags }),
  };
}

/**
 * Puts commands under one word, e.g. `credentials set` and `credentials check`.
 *
 * @param hidden names of commands that stand in no help
 */
export function group<NAME extends string>(
  brief: string,
  routes: Readonly<Record<NAME, Command<Context> | RouteMap<Context>>>,
  ...hidden: readonly NoInfer<NAME>[]
): RouteMap<Context> {
  const hideRoute = Object.fromEntries(hidden.map((name) => [name, true])) as Partial<Record<NAME, boolean>>;
  const built = buildRouteMap<NAME, Context>({ docs: { brief, hideRoute }, routes: withoutPrototype(routes) });
  return { ...built, formatHelp: ({ prefix }) => showGroupHelp(prefix.join(' '), brief, built, prefix.length === 1) };
}

/** stricli looks names up as properties; `toString` is neither a command nor a flag of ours. */
function withoutPrototype<T extends object>(names: T): T {
  return Object.assign(Object.create(null), names);
}
