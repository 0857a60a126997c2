import { z } from 'zod';
import { systemClock } from '../../../functions/system.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { usageError } from '../exit-codes.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag, YesFlag } from '../shared-parameters.ts';
import { showMoment, showTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';

interface RestoreFlags extends EnvironmentFlag, YesFlag {
  readonly fromTable: string | undefined;
  readonly connection: string | undefined;
  readonly company: string | undefined;
  readonly dryRun: boolean;
  readonly sendRefreshToken: boolean;
}

const answerForm = z.object({
  connections: z.array(z.object({ connectionId: z.string(), became: z.string(), until: z.number().optional() })),
  cursor: z.string().optional(),
});

type Line = z.output<typeof answerForm>['connections'][number];

/** Restores connections, page by page until the restored table is worked off. Run again it goes on. */
export async function restore(session: StackSession, flags: RestoreFlags): Promise<Report> {
  const { terminal } = session;
  if (flags.sendRefreshToken) return sendRefreshToken(session, flags);
  const { fromTable, connection, company, dryRun } = flags;
  if (fromTable === undefined) throw usageError('--from-table is missing: the name of the restored table.');
  const environment = await session.environment(flags.environment);
  const lines = await terminal.working('Restoring', (say) =>
    restoreAll(environment, { fromTable, connectionId: connection, companyId: company, dryRun }, say),
  );
  return {
    data: { environment: environment.name, dryRun, connections: lines },
    text: showRestored(lines, dryRun, systemClock()),
  };
}

async function restoreAll(
  environment: DeployedEnvironment,
  request: Readonly<Record<string, unknown>>,
  say: (text: string) => void,
): Promise<readonly Line[]> {
  const lines: Line[] = [];
  for (let cursor: string | undefined; ; ) {
    const answer = await environment.invoke('RestoreConnections', {
      ...request,
      ...(cursor !== undefined && { cursor }),
    });
    const page = answerForm.parse(answer);
    lines.push(...page.connections);
    cursor = page.cursor;
    if (cursor === undefined) return lines;
    say(`Restoring: ${lines.length} connections so far`);
  }
}

/** Gives a person's word for one refresh token. */
async function sendRefreshToken({ terminal, environment: find }: StackSession, flags: RestoreFlags): Promise<Report> {
  const { connection: connectionId, yes } = flags;
  if (connectionId === undefined) throw usageError('--send-refresh-token needs --connection: the word counts for one.');
  const environment = await find(flags.environment);
  if (!yes && !(await confirmed(terminal, connectionId, environment.name))) {
    return { data: { connectionId, sent: false }, text: 'Nothing was sent.' };
  }
  const answer = await terminal.working('Sending the refresh token', () =>
    environment.invoke('RestoreConnections', { connectionId, sendRefreshToken: true }),
  );
  const { outcome } = z.object({ outcome: z.string() }).parse(answer);
  const isRotated = outcome === 'rotated' || outcome === 'escrowed';
  const show = `npm run procore -- connections show ${connectionId} --environment ${environment.name}`;
  const text = isRotated
    ? `Procore took it: "${connectionId}" is connected and refreshed like any other.`
    : `No new tokens yet (${outcome}). See what became of it: ${show}`;
  return { data: { connectionId, sent: true, outcome }, text };
}

function confirmed(terminal: Terminal, connectionId: string, environment: string): Promise<boolean> {
  return terminal.confirm(
    `If the refresh token of "${connectionId}" in ${environment} was spent since the backup, Procore refuses it, and may ` +
      'end tokens that another copy of this system still uses. Send it?',
  );
}

/** What each outcome means, in the order in which people look for them. */
export const restoredMeanings: Readonly<Record<string, string>> = {
  vended: 'works until its access token ends; then it must be authorized',
  fetched: 'service account, with a new token',
  to_be_fetched: 'service account; its token is asked for within minutes',
  reauthorization_required: 'a person must authorize it',
  disconnected: 'disconnected, as it was in the backup',
  unavailable: 'Procore did not say whether its token works: run it again',
  failed: 'could not be restored: run it again',
  changed_meanwhile: 'somebody changed it at the same moment: run it again',
  foreign: 'left out: of another environment or another app',
  still_ended: 'left: it has ended, and the backup has nothing better',
  authorized_since: 'left: somebody authorized it after the backup',
  disconnected_since: 'left: somebody disconnected it',
  restored_before: 'left: restored before',
  lives: 'left: it works',
};

/** Lays out what became of each connection, or would. @param now epoch seconds */
export function showRestored(lines: readonly Line[], dryRun: boolean, now: number): string {
  if (lines.length === 0) return 'The restored table has no such connection.';
  const order = Object.keys(restoredMeanings);
  const sorted = lines.toSorted((one, other) => order.indexOf(one.became) - order.indexOf(other.became));
  const rows = sorted.map(({ connectionId, became, until }) => [
    became,
    connectionId,
    `${restoredMeanings[became] ?? became}${until === undefined ? '' : ` (${showMoment(until, now)})`}`,
  ]);
  const table = showTable([dryRun ? 'WOULD BECOME' : 'BECAME', 'CONNECTION', 'MEANING'], rows);
  return dryRun ? `${table}\nNothing was changed.` : table;
}
