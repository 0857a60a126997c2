import { z } from 'zod';

/** Text, number or flag that a resource may leave out. */
const text = z.string().optional();
const number = z.number().optional();
const flag = z.boolean().default(false);

const keySchema = z.array(z.strictObject({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));

const secretGeneration = z.strictObject({
  SecretStringTemplate: text,
  GenerateStringKey: text,
  PasswordLength: z.number().int().min(4).max(4096).default(32),
  ExcludeCharacters: z.string().default(''),
  ExcludeLowercase: flag,
  ExcludeNumbers: flag,
  ExcludePunctuation: flag,
  ExcludeUppercase: flag,
});

/** How a secret's first value is generated. */
export type SecretGeneration = z.infer<typeof secretGeneration>;

/**
 * The resource types that the runner creates or reads, with the properties that it understands: a property that stands
 * neither here nor in `ignored.ts`, or has another value, is an error.
 */
export const resourceProperties = {
  'AWS::ApiGatewayV2::Api': z.strictObject({ ProtocolType: z.literal('HTTP') }),
  'AWS::ApiGatewayV2::Integration': z.strictObject({
    ApiId: z.string(),
    IntegrationType: z.literal('AWS_PROXY'),
    IntegrationUri: z.string(),
    PayloadFormatVersion: z.literal('2.0'),
  }),
  'AWS::ApiGatewayV2::Route': z.strictObject({
    ApiId: z.string(),
    AuthorizationType: z.literal('NONE').optional(),
    RouteKey: z.string().regex(/^(\$default|[A-Z]+ \/\S*)$/),
    Target: z.string().startsWith('integrations/'),
  }),
  'AWS::ApiGatewayV2::Stage': z.strictObject({
    ApiId: z.string(),
    StageName: z.literal('$default'),
    AutoDeploy: z.literal(true),
  }),
  'AWS::DynamoDB::Table': z.strictObject({
    TableName: text,
    AttributeDefinitions: z.array(
      z.strictObject({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
    ),
    BillingMode: z.literal('PAY_PER_REQUEST'),
    KeySchema: keySchema,
    GlobalSecondaryIndexes: z
      .array(
        z.strictObject({
          IndexName: z.string(),
          KeySchema: keySchema,
          Projection: z.strictObject({
            ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']),
            NonKeyAttributes: z.array(z.string()).optional(),
          }),
        }),
      )
      .optional(),
  }),
  'AWS::Events::Rule': z.strictObject({
    ScheduleExpression: z.string(),
    State: z.literal('ENABLED').optional(),
    Targets: z.tuple([z.strictObject({ Arn: z.string() })]),
  }),
  'AWS::IAM::Policy': z.strictObject({ PolicyDocument: z.json(), Roles: z.array(z.string()) }),
  'AWS::IAM::Role': z.strictObject({
    ManagedPolicyArns: z
      .array(z.string().regex(/:policy\/service-role\/AWS(LambdaBasicExecutionRole|CodeDeployRoleForLambdaLimited)$/))
      .optional(),
    Policies: z.array(z.strictObject({ PolicyDocument: z.json() })).default([]),
  }),
  'AWS::Lambda::Alias': z.strictObject({ FunctionName: z.string(), FunctionVersion: z.string(), Name: z.string() }),
  'AWS::Lambda::EventSourceMapping': z.strictObject({
    BatchSize: z.number().default(10),
    Enabled: z.literal(true).optional(),
    EventSourceArn: z.string().startsWith('arn:aws:sqs:'),
    FunctionName: z.string(),
    FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
    ScalingConfig: z.strictObject({ MaximumConcurrency: z.int().min(2).max(1000) }).optional(),
  }),
  'AWS::Lambda::Function': z.strictObject({
    FunctionName: text,
    Runtime: z.literal('nodejs24.x'),
    Handler: z.string(),
    Role: z.string(),
    Timeout: z.number().default(3),
    MemorySize: z.number().default(128),
    Environment: z.strictObject({ Variables: z.record(z.string(), z.string()) }).optional(),
    ReservedConcurrentExecutions: number,
    /** Only said to be left out: there is no network of one's own here. */
    VpcConfig: z.looseObject({}).optional(),
    LoggingConfig: z
      .strictObject({ LogGroup: z.string(), LogFormat: text, SystemLogLevel: text, ApplicationLogLevel: text })
      .optional(),
  }),
  'AWS::SecretsManager::Secret': z.strictObject({
    Name: text,
    SecretString: text,
    GenerateSecretString: secretGeneration.optional(),
  }),
  'AWS::SQS::Queue': z.strictObject({
    QueueName: text,
    FifoQueue: z.literal(true).optional(),
    ContentBasedDeduplication: z.boolean().optional(),
    DelaySeconds: number,
    MaximumMessageSize: number,
    MessageRetentionPeriod: number,
    ReceiveMessageWaitTimeSeconds: number,
    VisibilityTimeout: number,
    RedrivePolicy: z.strictObject({ deadLetterTargetArn: z.string(), maxReceiveCount: z.number() }).optional(),
  }),
};

/** A resource type that the runner understands. */
export type KnownType = keyof typeof resourceProperties;

/** The properties of a resource type, resolved and checked. */
export type PropertiesOf<Type extends KnownType> = z.infer<(typeof resourceProperties)[Type]>;
