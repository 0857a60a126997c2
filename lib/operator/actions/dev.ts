import { exitCodes, OperatorError, usageError } from '../exit-codes.ts';
import type { Report, Session } from '../session.ts';

interface DevFlags {
  readonly app: string | undefined;
  readonly stack: string | undefined;
  readonly once: boolean;
  readonly fresh: boolean;
  readonly port: number;
}

/** Runs an app of the integrator's on this machine, until it is told to end. What runs says itself what there is to say. */
export async function dev(
  { surroundings, json }: Session,
  { app, stack, once, fresh, port }: DevFlags,
): Promise<Report> {
  if (fresh && (once || port === 0))
    throw usageError('--fresh goes neither with --once nor with --port 0: they keep nothing anyway.');
  if (port > 0 && port < 1024)
    throw usageError('--port is a whole number from 1024 to 65000, or 0 for any free ports.');
  refuseOldNode(process.versions.node);
  const ok = await surroundings.dev({ command: app, stack, once, json, fresh, port });
  return { data: { ok }, text: '', exitCode: ok ? exitCodes.done : exitCodes.failed };
}

/** @throws OperatorError for a Node that has no store of its own for the state, or does not know what functions are made of */
function refuseOldNode(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21)) return;
  throw new OperatorError(
    'node_too_old',
    `Node ${version} cannot run what is made for Lambda's Node 24. Install Node 24 (https://nodejs.org), then run this again.`,
    exitCodes.usage,
  );
}
