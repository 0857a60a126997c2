import { ConnectorError } from '../../../functions/connector-error.ts';
import { account, region, stackName } from '../aws/identity.ts';

/** What JSON can hold; resolved property values are of this type. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One resource of a CloudFormation template, not yet resolved. */
export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, Json>>;
  readonly Metadata?: Readonly<Record<string, Json>>;
}

/** The parts of a CloudFormation template that the runner reads. */
export interface Template {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: Json }>>;
}

/** The template asks for something that the local runner does not do. */
export class TemplateNotSupportedError extends ConnectorError {
  override readonly name = 'TemplateNotSupportedError';
  readonly code = 'template_not_supported';
}

/**
 * Gives an attribute of a resource.
 *
 * @param attribute `Ref`, or the name that Fn::GetAtt asks for
 * @returns undefined when the runner does not know that attribute of that type
 */
export type AttributeOf = (logicalId: string, resource: TemplateResource, attribute: string) => string | undefined;

/**
 * Replaces the intrinsics in a value of the template.
 *
 * @param where names the place in errors, e.g. `SandboxApi.Name`
 */
export type Resolve = (value: Json, where: string) => Json;

const pseudoParameters: Readonly<Record<string, string>> = {
  'AWS::AccountId': account,
  'AWS::Region': region,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::StackName': stackName,
};

/**
 * Makes the resolver of one template.
 *
 * @returns a function that replaces Ref, Fn::GetAtt, Fn::Join, Fn::Sub, Fn::Select and Fn::Split, and throws
 *   TemplateNotSupportedError naming any other intrinsic and the place where it stands
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
 */
export function createResolver(template: Template, attributeOf: AttributeOf): Resolve {
  const resolver = new Resolver(template, attributeOf);
  return (value, where) => resolver.resolve(value, where);
}

class Resolver {
  readonly #template: Template;
  readonly #attributeOf: AttributeOf;
  constructor(template: Template, attributeOf: AttributeOf) {
    this.#template = template;
    this.#attributeOf = attributeOf;
  }

  resolve(value: Json, where: string): Json {
    if (isList(value)) return value.map((element, index) => this.resolve(element, `${where}[${index}]`));
    if (!isObject(value)) return value;
    const entries = Object.entries(value);
    const [only] = entries;
    if (only !== undefined && entries.length === 1 && /^(Ref|Condition|Fn::.+)$/.test(only[0])) {
      // IAM statements have a key named Condition too; it holds an object, the intrinsic holds a name.
      if (only[0] !== 'Condition' || typeof only[1] === 'string') return this.#intrinsic(only[0], only[1], where);
    }
    return Object.fromEntries(entries.map(([key, inner]) => [key, this.resolve(inner, `${where}.${key}`)]));
  }

  #intrinsic(name: string, argument: Json, where: string): Json {
    const parts = isList(argument) ? argument : [];
    switch (name) {
      case 'Ref':
        return this.#reference(this.#text(argument, where), where);
      case 'Fn::GetAtt': {
        const [logicalId = '', ...rest] = typeof argument === 'string' ? argument.split('.') : parts.map(String);
        return this.#attribute(logicalId, rest.join('.'), where);
      }
      case 'Fn::Join':
        return this.#list(parts[1], where)
          .map((part) => this.#text(part, where))
          .join(this.#text(parts[0], where));
      case 'Fn::Sub':
        return this.#substitute(argument, where);
      case 'Fn::Select': {
        const element = this.#list(parts[1], where)[Number(this.#text(parts[0], where))];
        return element ?? refuse(where, 'Fn::Select finds no such element');
      }
      case 'Fn::Split':
        return this.#text(parts[1], where).split(this.#text(parts[0], where));
      default:
        return refuse(where, `uses the intrinsic ${name}`);
    }
  }

  #substitute(argument: Json, where: string): string {
    const [pattern, given] = isList(argument) ? argument : [argument, {}];
    const variables = isObject(given) ? given : {};
    return String(pattern).replace(/\$\{(!?)([^}]+)\}/g, (_match, literal: string, name: string) => {
      if (literal) return `\${${name}}`;
      if (Object.hasOwn(variables, name)) return this.#text(variables[name], where);
      const [logicalId = '', ...rest] = name.split('.');
      return rest.length > 0 ? this.#attribute(logicalId, rest.join('.'), where) : this.#reference(name, where);
    });
  }

  #reference(name: string, where: string): string {
    return pseudoParameters[name] ?? this.#attribute(name, 'Ref', where);
  }

  #attribute(logicalId: string, name: string, where: string): string {
    const resource = this.#template.Resources[logicalId];
    if (resource === undefined) {
      return refuse(where, `refers to ${logicalId}, but the template has no resource of that name`);
    }
    const value = this.#attributeOf(logicalId, resource, name);
    return value ?? refuse(where, `asks for ${name} of ${logicalId}, which is an ${resource.Type}`);
  }

  #text(value: Json | undefined, where: string): string {
    const resolved = value === undefined ? undefined : this.resolve(value, where);
    if (typeof resolved === 'number') return String(resolved);
    return typeof resolved === 'string' ? resolved : refuse(where, `needs text, got ${JSON.stringify(resolved)}`);
  }

  #list(value: Json | undefined, where: string): readonly Json[] {
    const resolved = value === undefined ? undefined : this.resolve(value, where);
    return isList(resolved) ? resolved : refuse(where, `needs a list, got ${JSON.stringify(resolved)}`);
  }
}

function refuse(where: string, problem: string): never {
  throw new TemplateNotSupportedError(`${where}: ${problem}. The local runner does not know it (lib/local).`);
}

/** Tells a JSON list from other values. */
export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** Tells a JSON object from lists, null and plain values. */
export function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
