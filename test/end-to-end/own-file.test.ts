import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reservePorts } from '../../lib/ports.ts';
import { copyProject, type ProjectCopy } from './project-copy.ts';

let project: ProjectCopy;

beforeEach(async () => {
  project = await copyProject();
});

afterEach(() => project.remove());

const heading = 'Your own functions/on-event.ts, by itself:';
const ownFile = (code: string) => writeFile(join(project.folder, 'functions', 'on-event.ts'), code);
const good = 'export async function onEvent() {}\nexport async function onConnectionChange() {}\n';

describe('npm start, with a fault in the integrator’s own file', { timeout: 300_000 }, () => {
  it('does the main job all the same, says apart where the file threw, and ends with 1', async () => {
    await ownFile(`export async function onEvent() { throw new RangeError('always'); }
export async function onConnectionChange() { throw new Error('always'); }\n`);
    const { exit, printed } = project.run('bin/local.ts', '--once', '--port', '0');
    expect(await exit()).toBe(1);
    const [ours = '', theirs = ''] = printed.out.split(heading);
    expect(ours.match(/✓/g)).toHaveLength(10);
    expect(ours).not.toContain('✗');
    expect(theirs).toContain('✗ onEvent threw RangeError at functions/on-event.ts:1:41 for an event: ');
    expect(theirs).toContain('The connector works. Your own functions/on-event.ts does not');
  });

  it('says at which line it cannot be loaded, and what its type errors are', async () => {
    await ownFile(`const settings: number = JSON.parse('{}').crm.url;\n${good}const wrong: string = settings;\n`);
    const { exit, printed } = project.run('bin/local.ts', '--once', '--port', '0');
    expect(await exit()).toBe(1);
    const [, theirs = ''] = printed.out.split(heading);
    expect(theirs).toMatch(/✗ It cannot be loaded at functions\/on-event\.ts:1:\d+: TypeError: Cannot read properties/);
    expect(theirs).toMatch(/✗ Type errors\..*\n {6}functions\/on-event\.ts:4:7 {2}TS2322: /);
  });

  it('comes up though it cannot be built, lets events wait, and takes it once it is repaired', async () => {
    await ownFile('export async function onEvent( {\n');
    const { child, exit, printed, untilPrinted } = project.run('bin/local.ts', '--port', '0');
    const up = await untilPrinted(/The functions' log:/);
    expect(printed.out).toMatch(/✗ It cannot be built\..*\n {6}functions\/on-event\.ts:\d:\d+ {2}/);
    const [, url = '', authorization = ''] = /curl -i (\S+) -H 'Authorization: ([^']+)'/.exec(printed.out) ?? [];
    const event =
      '{"id":"01JMYXMZRBVKK0PC6XS8SA4QRE","timestamp":"2025-02-25T16:04:43Z","reason":"update","company_id":"8","project_id":"6","user_id":"5","resource_type":"RFIs","resource_id":"7"}';
    const { status } = await fetch(url, { method: 'POST', headers: { authorization }, body: event });
    expect(status).toBe(200);
    const told = await untilPrinted(/✗ It cannot be loaded.*cannot be built/, up);
    await ownFile(`export async function onEvent(event: { id: string }) { console.log('took', event.id); }
export async function onConnectionChange() {}\n`);
    await untilPrinted(/took 01JMYXMZRBVKK0PC6XS8SA4QRE/, await untilPrinted(/on-event\.ts reloaded in/, told));
    child.kill('SIGINT');
    expect(await exit()).toBe(0);
  });
});

describe('npm start, with an event that the last run has left', { timeout: 300_000 }, () => {
  it('gives onEvent its variables and secrets of this machine from the first one on, never those of a deployment', async () => {
    const ports = await reservePorts();
    const file = (name: string) => join(project.folder, name);
    const settings = JSON.parse(await readFile(file('cdk.json'), 'utf8'));
    Object.assign(settings.context.procore.stages.default, {
      environment: { ERP_URL: 'https://erp.example.com' },
      secrets: { erp: 'acme/erp' },
    });
    await writeFile(file('cdk.json'), JSON.stringify(settings));
    await writeFile(file('.env.local'), 'ERP_URL=http://localhost:9000\n');
    await writeFile(file('.secrets.local.json'), '{"erp": "a key for trying"}');
    await ownFile(`import { appendFileSync } from 'node:fs';
export async function onEvent(event: { id: string }, { secret }: { secret(name: string): Promise<string> }) {
  const known = await secret('erp').catch(({ name }) => name);
  appendFileSync(${JSON.stringify(file('calls'))}, [event.id, process.env.ERP_URL, known].join(' ') + '\\n');
  throw new Error('the ERP is out');
}
export async function onConnectionChange() {}\n`);
    const start = async () => {
      const running = project.run('bin/local.ts', '--port', String(ports.first));
      await running.untilPrinted(/The functions' log:/);
      running.child.kill('SIGKILL');
      await running.exit();
    };
    await start();
    const [eventId = ''] = (await readFile(file('calls'), 'utf8')).split(' ');
    await start();
    await ports.release();
    const calls = (await readFile(file('calls'), 'utf8')).trim().split('\n');
    expect(calls.filter((call) => call.startsWith(eventId)).length).toBeGreaterThan(1);
    expect(new Set(calls.map((call) => call.replace(/^\S+ /, '')))).toEqual(
      new Set(['http://localhost:9000 a key for trying']),
    );
  });
});
