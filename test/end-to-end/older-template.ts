import type { Json, Template, TemplateResource } from '../../lib/local/template/template.ts';

/** What an older version lacked; what it has besides is as today. */
const lacking =
  /^SandboxTables(Subscriptions|RateBudget|Jobs)|^SandboxCompanyWorkQueue|^SandboxWebhooks(WebhookWorker|CompanyWork)|^SandboxMonitoring|^Alarms/;

/**
 * Makes the template of an older version out of today's: functions and roles had other logical ids, worker and
 * audit with their tables and all alarms were not there yet, and SQS set events aside after five receives.
 */
export function olderTemplate(current: Template): Template {
  const kept = Object.entries(current.Resources).filter(([id]) => !lacking.test(id));
  const renamed = kept.filter(([, { Type }]) => /^AWS::(Lambda::Function|IAM::Role)$/.test(Type)).map(([id]) => id);
  const rename = (text: string) =>
    renamed.reduce((changed, id) => changed.replaceAll(`"${id}"`, `"${id.replace('Sandbox', 'SandboxOld')}"`), text);
  const older = JSON.parse(rename(JSON.stringify({ Resources: Object.fromEntries(kept) }))) as Template;
  const resources = Object.fromEntries(
    Object.entries(older.Resources).map(([id, resource]) => [id, withoutLacking(olderQueue(resource))]),
  );
  const outputs = JSON.parse(rename(JSON.stringify(current.Outputs ?? {}))) as NonNullable<Template['Outputs']>;
  return {
    Resources: resources,
    Outputs: Object.fromEntries(Object.entries(outputs).filter(([, { Value }]) => !names(Value, lacking))),
  };
}

function olderQueue(resource: TemplateResource): TemplateResource {
  const text = JSON.stringify(resource);
  return JSON.parse(text.replace('"maxReceiveCount":50', '"maxReceiveCount":5'));
}

/** Takes out settings and statements that name what the older version lacked. */
function withoutLacking(resource: TemplateResource): TemplateResource {
  const clean = (value: Json): Json => {
    if (Array.isArray(value)) return value.filter((each) => !names(each, lacking)).map(clean);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key, inner]) => !(/^[A-Z_]+$/.test(key) && names(inner, lacking)))
        .map(([key, inner]) => [key, clean(inner)]),
    );
  };
  return { ...resource, Properties: cleanPolicies(clean, resource) };
}

/** A policy's statements go one by one; else the whole policy would go with one of them. */
function cleanPolicies(clean: (value: Json) => Json, { Properties = {} }: TemplateResource) {
  const { Policies, ...others } = Properties as { Policies?: { PolicyDocument: { Statement: Json[] } }[] };
  const policies = Policies?.map((policy) => ({
    ...policy,
    PolicyDocument: {
      ...policy.PolicyDocument,
      Statement: policy.PolicyDocument.Statement.map(withoutLackingResources).filter((each) => each !== undefined),
    },
  }));
  return {
    ...(clean(others as Json) as { readonly [key: string]: Json }),
    ...(policies && { Policies: policies as unknown as Json }),
  };
}

function withoutLackingResources(statement: Json): Json | undefined {
  const { Resource, ...others } = statement as { Resource: Json };
  const left = (Array.isArray(Resource) ? Resource : [Resource]).filter((each) => !names(each, lacking));
  return left.length === 0 ? undefined : { ...others, Resource: left };
}

function names(value: Json, pattern: RegExp): boolean {
  if (typeof value === 'string') return pattern.test(value);
  return typeof value === 'object' && value !== null && Object.values(value).some((inner) => names(inner, pattern));
}
