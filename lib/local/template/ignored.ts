import { isList, isObject, type Json } from './template.ts';

/** Resource types that the runner leaves out, each with the reason. Any other type that it does not create is an error. */
export const ignoredTypes: Readonly<Record<string, string>> = {
  'AWS::CDK::Metadata': 'tells AWS which constructs were used',
  'AWS::CloudWatch::Alarm': 'nobody is paged from this machine; log lines show the same faults',
  'AWS::CloudWatch::CompositeAlarm': 'as alarms',
  'AWS::CloudWatch::Dashboard': 'shows metrics that are only log lines here',
  'AWS::CodeDeploy::Application': 'as deployment groups',
  'AWS::CodeDeploy::DeploymentGroup': 'moves an alias bit by bit; here it moves at once',
  'AWS::KMS::Alias': 'as keys',
  'AWS::KMS::Key': 'the stand-ins keep everything in memory and encrypt nothing',
  'AWS::Lambda::EventInvokeConfig': 'only for invocations that do not wait, which are run once here',
  'AWS::Lambda::Permission': 'says which AWS service may invoke; here only the runner does',
  'AWS::Lambda::Version': 'the one version of a function is the code in the assembly',
  'AWS::Logs::LogGroup': 'functions write to the terminal',
  'AWS::Logs::MetricFilter': 'as alarms',
  'AWS::Logs::QueryDefinition': 'there is no Logs Insights here',
  'AWS::SecretsManager::ResourcePolicy': 'demands TLS and this account, which loopback does without',
  'AWS::SNS::Subscription': 'as topics',
  'AWS::SNS::Topic': 'carries alarms only',
  'AWS::SNS::TopicPolicy': 'as topics',
  'AWS::SQS::QueuePolicy': 'demands TLS, which loopback does without',
};

const anyType = { Description: 'for people', Tags: 'for people and bills' };

/** Properties that the runner leaves out, by type, each with the reason. Any other that it does not read is an error. */
const ignoredProperties: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'AWS::ApiGatewayV2::Api': { Name: 'for people' },
  'AWS::ApiGatewayV2::Stage': {
    AccessLogSettings: 'the functions log',
    DefaultRouteSettings: 'throttles and metrics guard an account',
    RouteSettings: 'as DefaultRouteSettings',
  },
  'AWS::DynamoDB::Table': {
    ContributorInsightsSpecification: 'shows metrics',
    DeletionProtectionEnabled: 'the tables live as long as the runner',
    PointInTimeRecoverySpecification: 'as DeletionProtectionEnabled',
    SSESpecification: 'nothing is encrypted here',
    TimeToLiveSpecification: 'AWS deletes late, so the code checks expiry itself; here nothing is deleted',
  },
  'AWS::Events::Rule': {
    Name: 'for people',
    'Targets.Id': 'names a target within its rule',
    'Targets.RetryPolicy': 'a run that fails here is not tried again, whatever it says; the next one is the retry',
  },
  'AWS::IAM::Policy': { PolicyName: 'for people' },
  'AWS::IAM::Role': {
    AssumeRolePolicyDocument: 'only the functions have these roles',
    'Policies.PolicyName': 'for people',
  },
  'AWS::Lambda::Function': {
    Architectures: 'JavaScript runs on either',
    Code: 'the bundle lies in the assembly: aws:asset:path of the metadata',
    TracingConfig: 'there is no X-Ray here',
    KmsKeyArn: 'nothing is encrypted here',
  },
  'AWS::SecretsManager::Secret': { KmsKeyId: 'nothing is encrypted here' },
  'AWS::SQS::Queue': {
    DeduplicationScope: 'fauxqs deduplicates across groups; our deduplication ids occur in one group each',
    FifoThroughputLimit: 'nothing is throttled here',
    KmsMasterKeyId: 'nothing is encrypted here',
    KmsDataKeyReusePeriodSeconds: 'as KmsMasterKeyId',
    RedriveAllowPolicy: 'guards a queue against others of the account',
    SqsManagedSseEnabled: 'as KmsMasterKeyId',
  },
};

/**
 * Takes the knowingly ignored properties out of a resource's.
 *
 * @returns what must be understood
 */
export function withoutIgnored(type: string, properties: Json): Json {
  const paths = Object.keys({ ...anyType, ...ignoredProperties[type] });
  return paths.reduce((left, path) => without(left, path.split('.')), properties);
}

function without(value: Json, [key = '', ...rest]: readonly string[]): Json {
  if (isList(value)) return value.map((element) => without(element, [key, ...rest]));
  if (!isObject(value) || !Object.hasOwn(value, key)) return value;
  const { [key]: inner, ...others } = value;
  return rest.length === 0 || inner === undefined ? others : { ...others, [key]: without(inner, rest) };
}
