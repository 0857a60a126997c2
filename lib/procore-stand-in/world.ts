import { type Kept, KeptMap, keptNowhere } from '../kept.ts';
import { readFixture } from './fixtures.ts';
import { RecordBook, type StoredRecord } from './records.ts';

/** A person or a service account; ids are decimal digits throughout the stand-in. */
export interface Principal {
  readonly id: string;
  readonly login: string;
  readonly name: string;
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

/** A project and its direct costs. */
export interface Project {
  readonly id: string;
  name: string;
  readonly companyId: string;
  isActive: boolean;
  readonly costs: DirectCost[];
}

/** A company and its projects. */
export interface Company {
  readonly id: string;
  readonly name: string;
  readonly projects: Project[];
}

/** Why a call that is otherwise right is refused. */
export type Forbidden = 'insufficient-permissions' | 'tool-disabled' | 'outside-scope';

/** The data that the stand-in serves, and who may not see it. */
export interface World {
  readonly person: Principal;
  readonly serviceAccount: Principal;
  readonly companies: Company[];
  /** Keeps a project that was made or changed. */
  keep(project: Project): void;
  /** Of every kind but direct costs. */
  readonly records: RecordBook;
  /** Why a record cannot be changed, by its id. */
  readonly locks: Map<string, string>;
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
const firstAddedCompany = 700_000_000;

/**
 * Builds the world of lib/procore-stand-in/fixtures/world.json; its RFIs were last updated minute by minute before `now`.
 *
 * @param kept what became of it in an earlier run
 * @param companies how many there are at least
 */
export function createWorld(now: number, kept: Kept = keptNowhere, companies = 0): World {
  const fixture = readFixture('world') as WorldFixture;
  const records = new RecordBook(kept);
  const known = kept.entries('records').length > 0;
  for (const { id, name, rfis } of known ? [] : fixture.companies.flatMap(({ projects }) => projects)) {
    records.replace('RFIs', id, makeRfis(rfis.firstId, rfis.count, name, now));
  }
  const changed = new KeptMap<Project>(kept, 'projects');
  const world: World = {
    keep: (project) => changed.set(project.id, project),
    person: fixture.person,
    serviceAccount: fixture.serviceAccount,
    companies: fixture.companies.map((company) => ({
      ...company,
      projects: company.projects.map(({ id, name }) => ({
        id,
        name,
        companyId: company.id,
        isActive: true,
        costs: [],
      })),
    })),
    records,
    locks: new Map(),
    unseen: new Set(),
    costCodeIds: ['1041'],
    disconnected: new Set(),
    truncatesLists: false,
    forbidden: new Map(),
  };
  // Companies that were added later have to be there before their projects.
  addCompanies(world, companies);
  for (const project of changed.values()) putProject(world, project);
  return world;
}

/**
 * Adds companies with a project each, until there are so many.
 *
 * @param count companies in all; none is ever taken away
 */
export function addCompanies({ companies }: World, count: number): void {
  for (let number = companies.length + 1; number <= count; number += 1) {
    const id = String(firstAddedCompany + number);
    const project = { id: `${id}1`, name: `Project of company ${number}`, companyId: id, isActive: true, costs: [] };
    companies.push({ id, name: `Company ${String(number).padStart(4, '0')}`, projects: [project] });
  }
}

/** Puts a project in the place of the one with its id, or at the end of its company's. */
function putProject({ companies }: World, project: Project): void {
  const projects = companies.find(({ id }) => id === project.companyId)?.projects ?? [];
  const index = projects.findIndex(({ id }) => id === project.id);
  projects.splice(index < 0 ? projects.length : index, 1, project);
}

/** Makes a project's RFIs, updated minute by minute before `now`, in epoch milliseconds. */
export function makeRfis(firstId: string, count: number, projectName: string, now: number): StoredRecord[] {
  return Array.from({ length: count }, (_unused, index) => ({
    id: (BigInt(firstId) + BigInt(index)).toString(),
    createdAt: now - (count - index) * 2 * minute,
    updatedAt: now - (count - index) * minute,
    fields: { number: String(index + 1), subject: `Question ${index + 1} about ${projectName}`, status: 'open' },
  }));
}

/** Finds a project of any company. */
export function findProject({ companies }: World, id: string): Project | undefined {
  return companies.flatMap(({ projects }) => projects).find((project) => project.id === id);
}
