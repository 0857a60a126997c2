import type { KindOfWork, Slice, SliceEnd } from '../jobs/work-slice.ts';
import type { BackgroundRoom } from '../procore/rate-room.ts';
import { auditCompany, type CompanyAudit, type CompanyAuditDependencies } from './audit-company.ts';
import { betweenLooks, recentLook } from './audit-hooks.ts';
import { type AuditRoundDependencies, auditRound, everyCompany } from './audit-round.ts';
import type { Subscription } from './subscription.ts';

/** What the jobs of webhooks need, besides a slice. */
export interface CompanyJobsDependencies
  extends Omit<CompanyAuditDependencies, 'remaining' | 'lookedSince' | 'clientFor'>,
    AuditRoundDependencies {
  /** Tells how many calls there are for all companies together; undefined where each has its own. */
  readonly backgroundRoom: () => Promise<BackgroundRoom | undefined>;
  /** Gives a client whose calls end within the slice, and that spends no more than background work may. */
  readonly clientFor: (
    subscription: Subscription,
    remaining: Slice['remaining'],
  ) => ReturnType<CompanyAuditDependencies['clientFor']>;
}

/** What `apply` without a company may change of every subscription; what is left out stays as it is stored. */
export interface ApplyRequest
  extends Partial<Pick<Subscription, 'payloadVersion' | 'namespace' | 'silenceHours' | 'destinationUrl'>> {}

/** When a person has written the subscription meanwhile, the next slice comes so much later, in seconds. */
const afterChange = 30;

/** Works the hourly audit of one company, or the round through all of them. */
export function auditWork(dependencies: CompanyJobsDependencies): KindOfWork {
  return {
    failed: 'auditJobsFailed',
    async work(slice) {
      if (slice.job.companyId === everyCompany) return auditRound(slice, dependencies);
      const { companyId, wantedAt = 0 } = slice.job;
      // A person who wants it now wants all hooks to be looked at, also those that were just looked at.
      const isWanted = wantedAt > dependencies.clock() - recentLook;
      const audit = { ...auditOf(slice, dependencies), ...(isWanted && { lookedSince: wantedAt }) };
      const found = await auditCompany(companyId, audit);
      if (found === 'no_subscription') return { outcome: 'done' };
      if (found === 'changed') return { outcome: 'again', nextAt: dependencies.clock() + afterChange };
      return lookAgain(found, (found.oldestLookAt || slice.job.createdAt) + betweenLooks, dependencies);
    },
  };
}

/** How far an apply has come: when the subscription was written, epoch seconds. */
interface Applied {
  readonly updatedAt: number;
}

/** Registers what is stored of one company again, with the changes that the request asks for. */
export function applyWork(dependencies: CompanyJobsDependencies): KindOfWork {
  return {
    async work(slice): Promise<SliceEnd> {
      const { store, clock } = dependencies;
      const { companyId, request } = slice.job;
      let applied = slice.job.checkpoint as Applied | undefined;
      if (applied === undefined) {
        const subscription = await store.read(companyId);
        if (subscription === undefined) return { outcome: 'done' };
        // To the fraction: hooks that were looked at a moment ago are looked at again.
        applied = { updatedAt: clock() };
        const wanted = { ...subscription, ...(request as ApplyRequest | null), ...applied };
        const isSaved = (await store.save(wanted, subscription.revision)) !== 'changed';
        if (!isSaved) return { outcome: 'again', nextAt: clock() + afterChange };
        if ((await slice.save(applied)) === 'lost') return { outcome: 'again', nextAt: clock() };
      }
      const found = await auditCompany(companyId, { ...auditOf(slice, dependencies), lookedSince: applied.updatedAt });
      if (found === 'no_subscription') return { outcome: 'done' };
      if (found === 'changed') return { outcome: 'again', nextAt: clock() + afterChange };
      return found.isUnfinished ? lookAgain(found, slice.job.createdAt, dependencies) : { outcome: 'done' };
    },
  };
}

/** @param place since when it is due: where all companies share one limit, it stays in its place among those that wait */
async function lookAgain(
  { nextLookAt, waitsItsTurn }: CompanyAudit,
  place: number,
  { backgroundRoom, clock }: CompanyJobsDependencies,
): Promise<SliceEnd> {
  if (!waitsItsTurn || (await backgroundRoom()) === undefined) return { outcome: 'again', nextAt: nextLookAt };
  return { outcome: 'again', nextAt: Math.min(clock(), place), waitsItsTurn };
}

function auditOf({ remaining }: Slice, dependencies: CompanyJobsDependencies): CompanyAuditDependencies {
  return {
    ...dependencies,
    remaining,
    clientFor: (subscription) => dependencies.clientFor(subscription, remaining),
  };
}
