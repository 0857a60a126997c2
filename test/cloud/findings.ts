import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { cdkContext } from './synthesized.ts';

interface Report {
  readonly pluginReports: readonly {
    readonly violations: readonly {
      readonly ruleName: string;
      readonly violatingConstructs: readonly { readonly constructPath: string }[];
    }[];
  }[];
}

/**
 * Synthesizes an app with the context of cdk.json, and gathers what cdk-nag and CDK's own validator of CloudFormation find.
 *
 * @param build makes the app's stacks
 * @returns each finding as `rule path`
 */
export function findingsOf(build: (app: App) => void, overrides: Readonly<Record<string, unknown>> = {}): string[] {
  const outdir = mkdtempSync(join(tmpdir(), 'findings-'));
  const app = new App({ context: { ...cdkContext, ...overrides }, outdir, analyticsReporting: false });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  build(app);
  const { exitCode, stderr } = process;
  // CDK prints the findings and marks the process as failed; here they are compared instead.
  const silenced = stderr.write;
  stderr.write = () => true;
  try {
    app.synth();
  } catch (error) {
    if (!/^ValidationFailed/.test(String(error))) throw error;
  } finally {
    stderr.write = silenced;
    process.exitCode = exitCode;
  }
  const report: Report = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8'));
  rmSync(outdir, { recursive: true });
  return report.pluginReports.flatMap(({ violations }) =>
    violations.flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    ),
  );
}
