/** What JSON can hold; CloudFormation's intrinsics are objects with one key. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** How AWS limits the name of one type of resource, and what CloudFormation does when the template gives none. */
export interface NameRule {
  /** The property that names the resource. */
  readonly property: string;
  /** Characters, suffix included. */
  readonly most: number;
  /** What a name may consist of. */
  readonly pattern: RegExp;
  /**
   * Whether CloudFormation shortens the name that it generates (`STACK-LOGICALID-RANDOM`) to what the service takes.
   * False also where nobody has said so: such a name is then refused rather than tried out.
   */
  readonly shortened: boolean;
}

const text = /^[^\p{Cc}]+$/u;
const word = /^[\w-]+$/;

/**
 * The types that have a name of limited length, of those that our stacks have or are likely to get.
 *
 * That CloudFormation shortens names is seen in bug reports: of standard queues, functions, roles and rules.
 *
 * @see [a FIFO queue's name is not shortened](https://github.com/aws/aws-cdk/issues/11041), nor
 *   [in a nested stack](https://github.com/aws/aws-cdk/issues/5860);
 *   [a function's is](https://github.com/convox/rack/issues/2297),
 *   [a role's is](https://github.com/awslabs/ecs-refarch-continuous-deployment/pull/9), and
 *   [a rule's is](https://github.com/aidenkihyunkim/aws-lambda-update-route53-record-to-ec2-public-ip-python3/issues/1)
 */
export const nameRules: Readonly<Record<string, NameRule>> = {
  'AWS::ApiGatewayV2::Api': { property: 'Name', most: 128, pattern: text, shortened: false },
  'AWS::CloudWatch::Alarm': { property: 'AlarmName', most: 255, pattern: text, shortened: false },
  'AWS::CloudWatch::CompositeAlarm': { property: 'AlarmName', most: 255, pattern: text, shortened: false },
  'AWS::CloudWatch::Dashboard': { property: 'DashboardName', most: 255, pattern: word, shortened: false },
  'AWS::CodeDeploy::Application': { property: 'ApplicationName', most: 100, pattern: text, shortened: false },
  'AWS::CodeDeploy::DeploymentGroup': { property: 'DeploymentGroupName', most: 100, pattern: text, shortened: false },
  'AWS::DynamoDB::Table': { property: 'TableName', most: 255, pattern: /^[\w.-]{3,}$/, shortened: false },
  'AWS::Events::Rule': { property: 'Name', most: 64, pattern: /^[\w.-]+$/, shortened: true },
  'AWS::IAM::Policy': { property: 'PolicyName', most: 128, pattern: /^[\w+=,.@-]+$/, shortened: false },
  'AWS::IAM::Role': { property: 'RoleName', most: 64, pattern: /^[\w+=,.@-]+$/, shortened: true },
  'AWS::Lambda::Alias': { property: 'Name', most: 128, pattern: /^(?!\d+$)[\w-]+$/, shortened: false },
  'AWS::Lambda::Function': { property: 'FunctionName', most: 64, pattern: word, shortened: true },
  'AWS::Logs::LogGroup': { property: 'LogGroupName', most: 512, pattern: /^[\w./#-]+$/, shortened: false },
  'AWS::Logs::MetricFilter': { property: 'FilterName', most: 512, pattern: /^[^:*]+$/, shortened: false },
  'AWS::Logs::QueryDefinition': { property: 'Name', most: 255, pattern: text, shortened: false },
  'AWS::SNS::Topic': { property: 'TopicName', most: 256, pattern: /^[\w-]+(\.fifo)?$/, shortened: false },
  'AWS::SQS::Queue': { property: 'QueueName', most: 80, pattern: /^[\w-]+(\.fifo)?$/, shortened: true },
  'AWS::SecretsManager::Secret': { property: 'Name', most: 512, pattern: /^[\w/+=.@-]+$/, shortened: false },
};

/** Types whose name must be given: CloudFormation generates none. */
const namedByTemplate = /^AWS::(ApiGatewayV2::Api|Logs::QueryDefinition|Lambda::Alias|IAM::Policy)$/;

/** The most characters that CloudFormation's random part has; some have 12. */
const randomPart = 'X'.repeat(13);
const fifoSuffix = '.fifo';

/** How long a FIFO queue's logical id and its stack's name may be together, in characters. */
export const fifoNameCharacters =
  (nameRules['AWS::SQS::Queue']?.most ?? 0) - randomPart.length - fifoSuffix.length - '--'.length;

/** One resource of a template. */
export interface NamedResource {
  readonly logicalId: string;
  readonly Type: string;
  readonly Properties?: { readonly [key: string]: Json };
}

/**
 * Checks the name that a resource is given, or else the one that CloudFormation will generate.
 *
 * @param stackName of a nested stack, the longest that it can get: {@link nestedStackName}
 * @returns what AWS would refuse, with lengths, limit and remedy; undefined when the name fits, when the type has no
 *   name of limited length, or when the name holds something that only CloudFormation knows
 */
export function faultOfName(resource: NamedResource, stackName: string): string | undefined {
  const { logicalId, Type, Properties = {} } = resource;
  const rule = nameRules[Type];
  if (rule === undefined) return undefined;
  const given = Properties[rule.property];
  const fifo = Properties.FifoQueue === true;
  const name = given === undefined ? generatedName(resource, stackName, rule, fifo) : longest(given, stackName);
  if (name === undefined) return undefined;
  const where = `${logicalId} (${Type})`;
  if (name.length > rule.most) {
    const over = name.length - rule.most;
    const what = given === undefined ? 'CloudFormation would name it' : `its ${rule.property} is`;
    const remedy =
      given === undefined
        ? `and does not shorten that. Make the stack's name or the ids of the constructs around it ${over} shorter, or give it a ${rule.property}`
        : `Make it ${over} shorter${typeof given === 'string' ? '' : ", for example the stack's name in it"}`;
    const joint = given === undefined ? ', ' : '. ';
    return `${where}: ${what} ${name}, which has ${name.length} characters; at most ${rule.most} are allowed${joint}${remedy}.`;
  }
  if (typeof given !== 'string') return undefined;
  if (!rule.pattern.test(given))
    return `${where}: its ${rule.property} "${given}" has characters that AWS refuses there.`;
  if (Type !== 'AWS::SQS::Queue' || given.endsWith(fifoSuffix) === fifo) return undefined;
  return `${where}: the name of a FIFO queue, and of no other, ends with ${fifoSuffix}; got "${given}".`;
}

/**
 * Gives the longest name that a nested stack can get: `PARENT-LOGICALID-RANDOM`, cut to what CloudFormation allows.
 *
 * @param logicalId of the nested stack in its parent
 */
export function nestedStackName(parentName: string, logicalId: string): string {
  return `${parentName}-${logicalId}-${randomPart}`.slice(0, 128);
}

function generatedName(
  { logicalId, Type }: NamedResource,
  stackName: string,
  { shortened }: NameRule,
  fifo: boolean,
): string | undefined {
  if (namedByTemplate.test(Type) || (shortened && !fifo)) return undefined;
  // The one type that CloudFormation names without the stack.
  if (Type === 'AWS::SecretsManager::Secret') return `${logicalId}-${randomPart}`;
  return `${stackName}-${logicalId}-${randomPart}${fifo ? fifoSuffix : ''}`;
}

/** As long as they can get: no region, partition or account has more. */
const pseudoParameters: Readonly<Record<string, string>> = {
  'AWS::AccountId': '0'.repeat(12),
  'AWS::Region': 'us-northeast-10',
  'AWS::Partition': 'aws-iso-b',
  'AWS::StackId': `arn:aws-iso-b:cloudformation:us-northeast-10:000000000000:stack/NAME/${'0'.repeat(36)}`,
};

/** The longest text that a value can become; undefined when it holds what only CloudFormation knows. */
function longest(value: Json | undefined, stackName: string): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const [entry] = Object.entries(value);
  if (entry === undefined) return undefined;
  const [intrinsic, argument] = entry;
  if (intrinsic === 'Ref') return argument === 'AWS::StackName' ? stackName : pseudoParameters[String(argument)];
  const [first, second] = Array.isArray(argument) ? (argument as readonly Json[]) : [];
  if (intrinsic === 'Fn::Join' && Array.isArray(second)) {
    const parts = second.map((part: Json) => longest(part, stackName));
    return parts.includes(undefined) ? undefined : parts.join(String(first));
  }
  if (intrinsic === 'Fn::Select') return split(second, stackName)?.[Number(first)];
  if (intrinsic === 'Fn::Sub' && typeof argument === 'string') {
    const text = argument.replace(/\$\{([^}]+)\}/g, (whole, name) => longest({ Ref: name }, stackName) ?? whole);
    return text.includes('${') ? undefined : text;
  }
  return undefined;
}

function split(value: Json | undefined, stackName: string): readonly string[] | undefined {
  const { 'Fn::Split': argument } = Object(value) as { readonly 'Fn::Split'?: readonly Json[] };
  return longest(argument?.[1], stackName)?.split(String(argument?.[0]));
}
