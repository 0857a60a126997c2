import { shown } from '../configuration-error.ts';
import { faultOfVariableName } from '../own-variables.ts';

/** What Lambda takes of environment variables, names and values together, in bytes. */
export const mostEnvironmentBytes = 4096;

/** The VPC of the worker, as cdk.json says it. */
export interface VpcSetting {
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
}

/** A statement of IAM, as cdk.json says it. */
export type StatementSetting = Readonly<Record<string, unknown>>;

/** For the line of an error: what each of these keys may be. */
export const allowedHandlerSettings = {
  environment:
    'an object of texts by name, e.g. {"ERP_URL": "https://erp.example.com"}; names of letters, digits and underscores, ' +
    'none that begins with AWS_, LAMBDA_ or PROCORE_ or is TZ or one of ours; 4,096 bytes in all',
  secrets:
    'an object of names, each with the name or the complete ARN of a secret in Secrets Manager, e.g. {"erp": "acme/erp"}',
  vpc: '{"vpcId": "vpc-…", "subnetIds": ["subnet-…"], "securityGroupIds": ["sg-…"]}',
  policyStatements:
    'a list of {"Effect": "Allow" or "Deny", "Action": "service:Action", "Resource": an ARN, "Condition"?}, actions and ' +
    'resources also as lists, 4,000 characters in all',
} as const;

/** Says what is wrong with variables of the integrator's own. @returns undefined when they may be set */
export function faultOfEnvironment(value: unknown): string | undefined {
  if (!isObject(value)) return noObject;
  const entries = Object.entries(value);
  const fault = entries
    .map(([name, text]) => {
      const faultOfName = faultOfVariableName(name);
      if (faultOfName !== undefined) return `"${name}" ${faultOfName}`;
      // JSON leaves undefined out, which is what a variable of the shell is that nobody has set.
      return typeof text === 'string' ? undefined : `${name} must be a text, not ${shown(text)}`;
    })
    .find((each) => each !== undefined);
  if (fault !== undefined) return fault;
  const bytes = entries.reduce((sum, entry) => sum + Buffer.byteLength(entry.join('')), 0);
  return bytes <= mostEnvironmentBytes ? undefined : `they take ${bytes} bytes`;
}

const ownSecretName = /^[A-Za-z][\w-]{0,63}$/;
const secretName = /^[\w/+=.@-]{1,512}$/;
const completeArn = /^arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z\d]{6}$/;

/** CloudFormation makes these names out of the ids of lib/cloud/secrets.ts. */
const nameOfOurs = /Secrets(OauthClient|WebhookAuthorization)[\dA-F]{8}/;

/** Tells whether a name or ARN is that of a secret of ours, which the integrator's code must not read. */
export function isNameOfOurSecret(nameOrArn: string): boolean {
  return nameOfOurs.test(nameOrArn);
}

/** Tells whether a secret is meant by its ARN. */
export function isSecretArn(nameOrArn: string): boolean {
  return completeArn.test(nameOrArn);
}

/** Says what is wrong with the name under which the integrator's code asks for a secret. */
export function faultOfSecretName(name: string): string | undefined {
  return ownSecretName.test(name)
    ? undefined
    : `"${name}" must be a letter and then letters, digits, hyphens and underscores, 64 at most`;
}

/** Says what is wrong with secrets by name, as cdk.json has them. @returns undefined when they may be granted */
export function faultOfSecrets(value: unknown): string | undefined {
  if (!isObject(value)) return noObject;
  for (const [name, secret] of Object.entries(value)) {
    const fault = faultOfSecretName(name);
    if (fault !== undefined) return fault;
    if (typeof secret !== 'string') return `${name} must be a text`;
    if (isNameOfOurSecret(secret)) {
      return `${name} is a secret of ours: on-event.ts gets access tokens by its context's procore, and never our secrets`;
    }
    if (secret.startsWith('arn:') && !completeArn.test(secret)) {
      return `${name}: an ARN must be complete, with the six characters that Secrets Manager puts at its end`;
    }
    if (!secret.startsWith('arn:') && !secretName.test(secret)) return `${name}: Secrets Manager takes no such name`;
  }
  return undefined;
}

/** The ids of each key: their form, and how many of them Lambda takes. */
const vpcKeys = {
  vpcId: { form: /^vpc-[\da-f]+$/, most: 1 },
  subnetIds: { form: /^subnet-[\da-f]+$/, most: 16 },
  securityGroupIds: { form: /^sg-[\da-f]+$/, most: 5 },
} as const;

/** Says what is wrong with the ids of a VPC. @returns undefined when a function may be put there */
export function faultOfVpc(value: unknown): string | undefined {
  if (!isObject(value)) return noObject;
  const unknown = Object.keys(value).find((key) => !Object.hasOwn(vpcKeys, key));
  if (unknown !== undefined) return `${unknown} is no key of it`;
  for (const [key, { form, most }] of Object.entries(vpcKeys)) {
    const ids = key === 'vpcId' ? [value[key]] : value[key];
    const fits = Array.isArray(ids) && ids.length > 0 && ids.length <= most;
    if (!fits || !ids.every((id) => typeof id === 'string' && form.test(id))) return `${key} must be as in the example`;
  }
  return undefined;
}

/** What each key of a statement may be. All actions of a service may be meant, and never those of all services. */
const statementKeys: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  Sid: (value) => (isText(value, /^[A-Za-z\d]*$/) ? undefined : 'must be letters and digits'),
  Effect: (value) => (value === 'Allow' || value === 'Deny' ? undefined : 'must be Allow or Deny'),
  Action: (value) =>
    isOneOrMore(value, /^[a-z\d-]+:[\w*?]+$/) ? undefined : 'must be service:Action, e.g. s3:PutObject',
  // A token of CDK stands for an ARN that the deployment knows.
  Resource: (value) => (isOneOrMore(value, /^(\*|arn:.+|.*\$\{Token\[.*)$/) ? undefined : 'must be an ARN, or *'),
  Condition: (value) => (isObject(value) && Object.values(value).every(isObject) ? undefined : noObject),
};

/** Of 10,240 characters that a role's policies may have, ours and those of grants need the rest. */
const mostStatementCharacters = 4000;

/** Says what is wrong with statements of IAM. @returns undefined when a role may have them */
export function faultOfStatements(value: unknown): string | undefined {
  if (!Array.isArray(value)) return 'it is no list';
  const fault = value.map(faultOfStatement).find((each) => each !== undefined);
  if (fault !== undefined) return fault;
  const { length } = JSON.stringify(value);
  return length <= mostStatementCharacters ? undefined : `they have ${length} characters`;
}

function faultOfStatement(statement: unknown, index: number): string | undefined {
  if (!isObject(statement)) return `${index}: ${noObject}`;
  const given = Object.entries(statement).filter(([, value]) => value !== undefined);
  const wanted = ['Effect', 'Action', 'Resource'].find((key) => !given.some(([name]) => name === key));
  const unknown = given.find(([key]) => !Object.hasOwn(statementKeys, key));
  if (unknown !== undefined) return `${index}: ${unknown[0]} is not taken`;
  if (wanted !== undefined) return `${index}: ${wanted} is missing`;
  return given
    .map(([key, value]) => [key, statementKeys[key]?.(value)] as const)
    .flatMap(([key, fault]) => (fault === undefined ? [] : [`${index}.${key} ${fault}`]))[0];
}

const noObject = 'it is no object';

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown, form: RegExp): value is string {
  return typeof value === 'string' && form.test(value);
}

function isOneOrMore(value: unknown, form: RegExp): boolean {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return all.length > 0 && all.every((each) => isText(each, form));
}
