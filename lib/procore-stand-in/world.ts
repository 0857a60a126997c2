import { readFixture } from './fixtures.ts';

/** A person or a service account; ids are decimal digits throughout the stand-in. */
export interface Principal {
  readonly id: string;
  readonly login: string;
  readonly name: string;
}

/** An RFI; times in epoch milliseconds. */
export interface Rfi {
  readonly id: string;
  readonly number: number;
  readonly subject: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A direct cost: what the stand-in lets a client write. */
export interface DirectCost {
  readonly id: string;
  /** Unique in the company. */
  readonly originId: string | null;
  readonly costCodeId: string | null;
  readonly description: string;
  /** Whether an ERP integration has taken it over. */
  readonly locked: boolean;
}

/** A project, its RFIs and direct costs. */
export interface Project {
  readonly id: string;
  readonly name: string;
  readonly companyId: string;
  rfis: readonly Rfi[];
  readonly costs: DirectCost[];
}

/** A company and its projects. */
export interface Company {
  readonly id: string;
  readonly name: string;
  readonly projects: readonly Project[];
}

/** Why a call that is otherwise right is refused. */
export type Forbidden = 'insufficient-permissions' | 'tool-disabled' | 'outside-scope';

/** The data that the stand-in serves, and who may not see it. */
export interface World {
  readonly person: Principal;
  readonly serviceAccount: Principal;
  readonly companies: readonly Company[];
  /** Ids of companies in which the account is no member. */
  readonly unseen: Set<string>;
  /** Ids of cost codes that every project has. */
  readonly costCodeIds: readonly string[];
  /** Ids of companies that disconnected the app. */
  readonly disconnected: Set<string>;
  /** Whether lists leave out their last record, which their count still has. */
  truncatesLists: boolean;
  /** Refusals by company id or project id. */
  readonly forbidden: Map<string, Forbidden>;
}

interface WorldFixture {
  readonly person: Principal;
  readonly serviceAccount: Principal;
  readonly companies: readonly {
    readonly id: string;
    readonly name: string;
    readonly projects: readonly {
      readonly id: string;
      readonly name: string;
      readonly rfis: { readonly firstId: string; readonly count: number };
    }[];
  }[];
}

const minute = 60_000;

/** Builds the world of lib/procore-stand-in/fixtures/world.json; its RFIs were last updated minute by minute before `now`. */
export function createWorld(now: number): World {
  const fixture = readFixture('world') as WorldFixture;
  return {
    person: fixture.person,
    serviceAccount: fixture.serviceAccount,
    companies: fixture.companies.map((company) => ({
      ...company,
      projects: company.projects.map(({ id, name, rfis }) => ({
        id,
        name,
        companyId: company.id,
        rfis: makeRfis(rfis.firstId, rfis.count, name, now),
        costs: [],
      })),
    })),
    unseen: new Set(),
    costCodeIds: ['1041'],
    disconnected: new Set(),
    truncatesLists: false,
    forbidden: new Map(),
  };
}

/** Makes a project's RFIs, updated minute by minute before `now`, in epoch milliseconds. */
export function makeRfis(firstId: string, count: number, projectName: string, now: number): Rfi[] {
  return Array.from({ length: count }, (_unused, index) => ({
    id: (BigInt(firstId) + BigInt(index)).toString(),
    number: index + 1,
    subject: `Question ${index + 1} about ${projectName}`,
    createdAt: now - (count - index) * 2 * minute,
    updatedAt: now - (count - index) * minute,
  }));
}

/** Finds a project of any company. */
export function findProject({ companies }: World, id: string): Project | undefined {
  return companies.flatMap(({ projects }) => projects).find((project) => project.id === id);
}
