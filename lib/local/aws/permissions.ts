import { keyActionsOf } from '../../key-permissions.ts';
import { evaluate, type Permission, requiredPermissions, type Statement } from '../template/policy.ts';
import { AwsRefusal } from './answer.ts';
import { operatorName, sessionArn } from './identity.ts';

/** A function as the front knows it: its calls name its logical id, and it may do what its role's statements allow. */
export interface Principal {
  readonly logicalId: string;
  readonly name: string;
  readonly roleStatements: readonly Statement[];
  /** The aliases by which it can be called besides its name. */
  readonly aliases: readonly string[];
}

/** What the operator may do, where it is not everything. */
export interface OperatorPolicy {
  readonly statements: readonly Statement[];
  /** The ARN of the key that tables and secrets are encrypted with: of it, too, the operator needs what a call implies. */
  readonly keyArn: string;
  /** Gets what is refused: some callers go on without it, and say nothing. */
  refused(permission: Permission): void;
}

/** A permission that a function, or a limited operator, made use of. */
export interface UsedPermission extends Permission {
  /** `operator` is the operator. */
  readonly functionName: string;
  /** How often. */
  readonly calls: number;
}

/** Enforces what functions, and a limited operator, may do, and keeps what they made use of. */
export class Permissions {
  #principals = new Map<string, Principal>();
  #operator: OperatorPolicy | undefined;
  readonly #used = new Map<string, UsedPermission>();

  /** Says who the functions are. */
  serve(principals: readonly Principal[]): void {
    this.#principals = new Map(principals.map((principal) => [principal.logicalId, principal]));
  }

  /** Tells whether a caller is a function. */
  isFunction(caller: string): boolean {
    return this.#principals.has(caller);
  }

  /** Says what the operator may do from now on. @param policy without one everything */
  limitOperator(policy: OperatorPolicy | undefined): void {
    this.#operator = policy;
  }

  /**
   * Checks that a caller may do what it asks for. Who is not one of the functions is the operator.
   *
   * @throws AwsRefusal as IAM would refuse it
   */
  authorize({ caller, service }: Caller, operation: string, parameters: unknown): void {
    const principal = this.#principals.get(caller);
    const required = requiredPermissions(service, operation, parameters);
    if (principal) this.#check(service, principal.name, principal.roleStatements, required);
    else if (this.#operator) {
      const { statements, keyArn: resource, refused } = this.#operator;
      const ofKey = required.flatMap(({ action }) => keyActionsOf(action).map((each) => ({ action: each, resource })));
      for (const each of [...required, ...ofKey]) if (evaluate(statements, each) !== 'allowed') refused(each);
      this.#check(service, operatorName, statements, [...required, ...ofKey]);
    }
  }

  #check(service: string, caller: string, statements: readonly Statement[], required: readonly Permission[]): void {
    for (const permission of required) {
      const verdict = evaluate(statements, permission);
      if (verdict !== 'allowed') throw accessDenied(service, caller, permission, verdict);
      const key = [caller, permission.action, permission.resource].join(' ');
      this.#used.set(key, { functionName: caller, ...permission, calls: (this.#used.get(key)?.calls ?? 0) + 1 });
    }
  }

  /** Every permission that was made use of so far, each once. */
  used(): UsedPermission[] {
    return [...this.#used.values()];
  }
}

interface Caller {
  readonly caller: string;
  readonly service: string;
}

function accessDenied(service: string, caller: string, { action, resource }: Permission, verdict: string): AwsRefusal {
  const because =
    verdict === 'explicitly denied'
      ? 'with an explicit deny in an identity-based policy'
      : `because no identity-based policy allows the ${action} action`;
  const message = `User: ${sessionArn(caller)} is not authorized to perform: ${action} on resource: ${resource} ${because}`;
  const status = service === 'lambda' || service === 'sqs' ? 403 : 400;
  return new AwsRefusal('AccessDeniedException', message, status);
}
