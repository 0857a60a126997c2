import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeStarter, type StarterParts } from '../../lib/starter/make-starter.ts';
import { providedAsHere } from '../../lib/starter/provide-package.ts';

const root = new URL('../../', import.meta.url);
const files = new URL('lib/starter/files/', root);
const outer = mkdtempSync(join(tmpdir(), 'starter-'));
afterAll(() => rmSync(outer, { recursive: true }));
let made = 0;

/** A folder that is not there yet, below one of its own. */
const fresh = (name = 'acme-erp') => join(outer, String(++made), name);
const fromRegistry: StarterParts = { files, providePackage: async () => ({ range: '^0.1.0' }) };
const read = (folder: string, file: string) => readFileSync(join(folder, file), 'utf8');
const readJson = (path: URL | string) => JSON.parse(readFileSync(path, 'utf8'));

describe('a repository of one’s own', () => {
  it('holds the starter’s files under the name that was given, and nothing of the starter’s own name', async () => {
    const folder = fresh();
    const starter = await makeStarter(folder, fromRegistry);
    expect(starter).toEqual({
      folder,
      files: [
        ...['.github/workflows/deploy.yml', '.gitignore', '.npmrc', 'README.md', 'bin/app.ts', 'cdk.json'],
        ...['on-event.test.ts', 'on-event.ts', 'package.json', 'tsconfig.json'],
      ],
    });
    const texts = starter.files.map((file) => read(folder, file)).join('\n');
    expect(texts).not.toMatch(/my-?integration/i);
    expect(read(folder, 'cdk.json')).toContain('"AcmeErp-sandbox"');
    expect(readJson(join(folder, 'package.json'))).toMatchObject({
      name: 'acme-erp',
      dependencies: { 'procore-connector': '^0.1.0' },
    });
  });

  it('has npm refuse another Node than it takes, where no tests would be found and nothing said of why', () => {
    const { engines, devEngines } = readJson(new URL('package.json', files));
    // npm before 10.9, which Node 20 brings along, knows only the first, and warns of it unless it is told to be strict.
    expect(devEngines).toEqual({ runtime: { name: 'node', version: engines.node, onFail: 'error' } });
    expect(readFileSync(new URL('npmrc', files), 'utf8')).toMatch(/^engine-strict=true$/m);
  });

  it('takes a tarball along, so that no registry is asked for the package', async () => {
    const tarball = join(outer, 'procore-connector-9.9.9.tgz');
    writeFileSync(tarball, 'packed');
    const folder = fresh();
    const starter = await makeStarter(folder, { files, providePackage: async () => ({ tarball }) });
    expect(starter.files).toContain('vendor/procore-connector-9.9.9.tgz');
    expect(read(folder, 'vendor/procore-connector-9.9.9.tgz')).toBe('packed');
    expect(readJson(join(folder, 'package.json')).dependencies).toEqual({
      'procore-connector': 'file:vendor/procore-connector-9.9.9.tgz',
    });
  });

  it('can be made in a clone that is still empty', async () => {
    const folder = fresh();
    mkdirSync(join(folder, '.git'), { recursive: true });
    await makeStarter(folder, fromRegistry);
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['.git', 'on-event.ts']));
  });

  it.each([
    ['a file of the starter', 'on-event.ts', fromRegistry],
    ['the tarball', 'vendor/p.tgz', { files, providePackage: async () => ({ tarball: '/elsewhere/p.tgz' }) }],
  ])('overwrites nothing, and writes nothing, where %s is there', async (_, file, parts) => {
    const folder = fresh();
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), 'mine');
    const before = readdirSync(folder, { recursive: true });
    await expect(makeStarter(folder, parts)).rejects.toMatchObject({
      code: 'files_exist',
      message: expect.stringContaining(`has ${file} already`),
    });
    expect(read(folder, file)).toBe('mine');
    expect(readdirSync(folder, { recursive: true })).toEqual(before);
  });

  it('is not made in the place of a file', async () => {
    const folder = fresh();
    mkdirSync(join(folder, '..'));
    writeFileSync(folder, '');
    await expect(makeStarter(folder, fromRegistry)).rejects.toMatchObject({ code: 'files_exist' });
  });

  it.each([
    ['a link to nothing stands for a file', 'cdk.json', (path: string) => symlinkSync('/nowhere/at/all', path)],
    ['a file stands where a folder is needed', 'bin', (path: string) => writeFileSync(path, 'mine')],
    ['a link to nothing stands where a folder is needed', 'bin', (path: string) => symlinkSync('/nowhere', path)],
  ])('writes nothing, and says what is in the way, where %s', async (_, name, plant) => {
    const folder = fresh();
    mkdirSync(folder, { recursive: true });
    plant(join(folder, name));
    await expect(makeStarter(folder, fromRegistry)).rejects.toMatchObject({
      code: 'files_exist',
      message: expect.stringContaining(`has ${name} already`),
    });
    expect(readdirSync(folder)).toEqual([name]);
  });

  it('is not made where its own name is a link to nothing', async () => {
    const folder = fresh();
    mkdirSync(join(folder, '..'));
    symlinkSync('/nowhere/at/all', folder);
    await expect(makeStarter(folder, fromRegistry)).rejects.toMatchObject({ code: 'files_exist' });
  });

  it('is made in a folder to which a link leads', async () => {
    const [folder, other] = [fresh(), fresh()];
    mkdirSync(join(folder, '..'));
    mkdirSync(other, { recursive: true });
    symlinkSync(other, folder);
    await makeStarter(folder, fromRegistry);
    expect(existsSync(join(other, 'on-event.ts'))).toBe(true);
  });

  it('is made below a folder of any name', async () => {
    const folder = join(fresh('Ünïcode #1 %20 ’s & $(x) 空'), 'acme-erp');
    const { files: written } = await makeStarter(folder, fromRegistry);
    expect(written.filter((file) => !existsSync(join(folder, file)))).toEqual([]);
  });

  it('leaves nothing behind when a file cannot be written half-way, and says which', async () => {
    const folder = fresh();
    const tarball = join(outer, 'is-gone.tgz');
    mkdirSync(join(folder, '.git'), { recursive: true });
    await expect(makeStarter(folder, { files, providePackage: async () => ({ tarball }) })).rejects.toMatchObject({
      code: 'not_writable',
      message: expect.stringMatching(/is-gone\.tgz cannot be written \(ENOENT\)/),
    });
    expect(readdirSync(folder)).toEqual(['.git']);
    const nowhere = fresh();
    await expect(makeStarter(nowhere, { files, providePackage: async () => ({ tarball }) })).rejects.toThrow();
    expect(existsSync(join(nowhere, '..'))).toBe(false);
  });

  it.runIf(process.platform === 'linux')('says so where nobody may write', async () => {
    // Not even root may make a folder here.
    await expect(makeStarter('/proc/acme-erp', fromRegistry)).rejects.toMatchObject({
      code: 'not_writable',
      message: expect.stringMatching(/^\/proc\/acme-erp cannot be written \(E[A-Z]+\)\. Nothing has been left of it/),
    });
  });

  it.each(['My-App', 'my_app', '1app', 'app-', 'my--app', 'a'.repeat(22), 'mein-größtes', '.hidden'])(
    'is not called "%s", and the refusal says what is allowed',
    async (name) => {
      const folder = fresh(name);
      await expect(makeStarter(folder, fromRegistry)).rejects.toMatchObject({
        code: 'invalid_starter_name',
        message: expect.stringMatching(/got ".*"; allowed: small letters, .* at most 21 characters/),
      });
      expect(readdirSync(outer)).not.toContain(String(made));
    },
  );
});

describe('the package of a repository that is made from an installed one', () => {
  /** A folder whose package.json asks for the package. */
  const asking = (wanted: string | undefined) => {
    const folder = fresh();
    mkdirSync(folder, { recursive: true });
    if (wanted !== undefined) {
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ dependencies: { 'procore-connector': wanted } }));
    }
    return folder;
  };

  it.each([['^0.1.0'], ['~0.1.0'], ['0.1.0']])('comes by the same range from the registry: %s', (range) => {
    expect(providedAsHere([asking(range)])).toEqual({ range });
  });

  it('comes by the same tarball, wherever that lies', () => {
    const folder = asking('file:../packed/p-0.1.0.tgz');
    expect(providedAsHere([folder])).toEqual({ tarball: join(folder, '../packed/p-0.1.0.tgz') });
  });

  it('is what the first folder says that asks for it', () => {
    expect(providedAsHere([asking(undefined), asking('^0.2.0'), asking('^0.1.0')])).toEqual({ range: '^0.2.0' });
  });

  it.each(['workspace:*', 'link:../x', 'file:../dist', 'git+ssh://git@example.com/x.git', 'latest', undefined])(
    'is never guessed: %s is refused, since the registry may have a stranger’s package of that name',
    (wanted) => {
      expect(() => providedAsHere([asking(wanted)])).toThrow(
        expect.objectContaining({ code: 'package_not_found', message: expect.stringContaining('init FOLDER') }),
      );
    },
  );
});

describe('what the starter has of this repository', () => {
  it('is the same versions of tools, and the same switches of the CDK', () => {
    const { devDependencies } = readJson(new URL('package.json', files));
    const ours = readJson(new URL('package.json', root)).devDependencies;
    for (const [name, version] of Object.entries(devDependencies)) expect([name, version]).toEqual([name, ours[name]]);
    const switches = ({ context }: { readonly context: object }) => ({ ...context, procore: undefined });
    const [theirs, own] = [files, root].map((folder) => readJson(new URL('cdk.json', folder)));
    expect(switches(theirs)).toEqual(switches(own));
    expect(theirs.app).toBe(own.app);
  });

  it('is the workflow that deploys, but for its first job, which has no checks of ours', () => {
    const jobsOf = (folder: URL) => {
      const text = readFileSync(new URL('.github/workflows/deploy.yml', folder), 'utf8');
      return text
        .slice(text.indexOf('\nname:'))
        .replaceAll(/^ +- run: npm (test|run check)\n|timeout-minutes: \d+/gm, '');
    };
    expect(jobsOf(files)).toBe(jobsOf(root));
  });
});
