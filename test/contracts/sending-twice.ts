import { type DynamoDBClient, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';

/** A client whose writes take effect, lose their answer and are sent again: the second answer is the one that comes. */
export function sendingTwice(real: DynamoDBClient): DynamoDBClient {
  return new Proxy(real, {
    get: (target, property) =>
      property === 'send'
        ? async (command: UpdateItemCommand) => {
            if (command instanceof UpdateItemCommand) await target.send(new UpdateItemCommand(command.input));
            if (command instanceof PutItemCommand) await target.send(new PutItemCommand(command.input));
            return target.send(command);
          }
        : Reflect.get(target, property),
  });
}

/** What befalls every write of a store under test: `repeated` as {@link sendingTwice} does it. */
export type Repetition = 'repeated' | undefined;
