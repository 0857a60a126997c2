import { ownerTags } from '../owner-tags.ts';

/** A resource that carries the tags of {@link ownerTags}. */
export interface TaggedResource {
  readonly arn: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** What was found of all stacks, and of the stack that exists now under the wanted name. */
export interface Findings {
  readonly stackName: string;
  readonly tagged: readonly TaggedResource[];
  /** The physical ids of the resources of the stack; undefined when there is no stack of that name. */
  readonly inStack: readonly string[] | undefined;
  /** The AWS profile that was used, for the commands. */
  readonly profile?: string | undefined;
}

/** Something that stayed behind, and how it is deleted for good. */
export interface Leftover {
  readonly kind: 'escrow queue' | 'queue' | 'secret' | 'log group' | 'table' | 'key';
  readonly environment: string;
  readonly name: string;
  readonly arn: string;
  /** Lines for a shell with the AWS CLI, in order. */
  readonly commands: readonly string[];
}

/** In this order they are deleted: the key last, since without it nobody reads what the others hold. */
const kinds: readonly Leftover['kind'][] = ['escrow queue', 'queue', 'secret', 'log group', 'table', 'key'];

/**
 * Finds what stayed behind of stacks of one name: what carries their tag, and belongs to no stack of that name any more.
 * That is what a tear-down leaves, and also what an environment leaves that was taken out of a stack.
 *
 * @returns in the order in which it can be deleted
 */
export function leftoversOf({ stackName, tagged, inStack = [], profile }: Findings): Leftover[] {
  const alive = new Set(inStack.map(lastPart));
  const found = tagged
    .filter(({ tags }) => nameOfStack(tags) === stackName)
    .flatMap((each) => read(each, profile) ?? []);
  return found
    .filter(({ arn, name }) => !alive.has(lastPart(arn)) && !alive.has(lastPart(name)))
    .toSorted((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || a.arn.localeCompare(b.arn));
}

/** Names the stacks of which something with our tags was found, living ones too. @returns each once, sorted */
export function stacksOf(tagged: readonly TaggedResource[]): string[] {
  return [...new Set(tagged.map(({ tags }) => nameOfStack(tags)).filter((name) => name !== ''))].toSorted();
}

/** A stack's id is `arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/GUID`. */
function nameOfStack(tags: TaggedResource['tags']): string {
  return tags[ownerTags.stack]?.split('/')[1] ?? '';
}

/** A queue's physical id is its URL, which ends with its name. Names of log groups have slashes of their own. */
function lastPart(id: string): string {
  return id.startsWith('https://') ? id.slice(id.lastIndexOf('/') + 1) : id;
}

function read({ arn, tags }: TaggedResource, profile: string | undefined): Leftover | undefined {
  const [, partition = '', service = '', region = '', account = '', ...rest] = arn.split(':');
  const resource = rest.join(':');
  const place = `--region ${region}${profile === undefined ? '' : ` --profile ${profile}`}`;
  const aws = (command: string) => `aws ${command} ${place}`;
  const common = { environment: tags[ownerTags.environment] ?? '', arn };
  switch (service) {
    case 'sqs': {
      const suffix = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
      const url = `https://sqs.${region}.${suffix}/${account}/${resource}`;
      const escrow = tags[ownerTags.part] === 'escrow';
      // Its policy refuses its messages even to administrators: first of all it must be possible to look at them.
      const opened = aws(`sqs set-queue-attributes --queue-url ${url} --attributes '{"Policy":""}'`);
      const commands = [...(escrow ? [opened] : []), aws(`sqs delete-queue --queue-url ${url}`)];
      return { ...common, kind: escrow ? 'escrow queue' : 'queue', name: resource, commands };
    }
    case 'secretsmanager':
      return {
        ...common,
        kind: 'secret',
        name: resource.replace(/^secret:/, '').replace(/-[^-]{6}$/, ''),
        commands: [aws(`secretsmanager delete-secret --secret-id ${arn}`)],
      };
    case 'logs': {
      const name = resource.replace(/^log-group:/, '').replace(/:\*$/, '');
      return { ...common, kind: 'log group', name, commands: [aws(`logs delete-log-group --log-group-name ${name}`)] };
    }
    case 'dynamodb': {
      const name = resource.replace(/^table\//, '');
      const commands = [
        aws(`dynamodb update-table --table-name ${name} --no-deletion-protection-enabled`),
        // A table that is just being changed refuses to be deleted.
        aws(`dynamodb wait table-exists --table-name ${name}`),
        aws(`dynamodb delete-table --table-name ${name}`),
      ];
      return { ...common, kind: 'table', name, commands };
    }
    case 'kms': {
      const name = resource.replace(/^key\//, '');
      return { ...common, kind: 'key', name, commands: [aws(`kms schedule-key-deletion --key-id ${name}`)] };
    }
    default:
      return undefined;
  }
}
