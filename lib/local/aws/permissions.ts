import { evaluate, type Permission, requiredPermissions, type Statement } from '../template/policy.ts';
import { AwsRefusal } from './answer.ts';
import { sessionArn } from './identity.ts';

/** A function as the front knows it: it signs with its logical id as access key id, and may do what its role's statements allow. */
export interface Principal {
  readonly logicalId: string;
  readonly name: string;
  readonly roleStatements: readonly Statement[];
  /** The aliases by which it can be called besides its name. */
  readonly aliases: readonly string[];
}

/** A permission that a function made use of. */
export interface UsedPermission extends Permission {
  readonly functionName: string;
  /** How often. */
  readonly calls: number;
}

/** Enforces what functions may do, and keeps what they made use of. */
export class Permissions {
  #principals = new Map<string, Principal>();
  readonly #used = new Map<string, UsedPermission>();

  /** Says who the functions are. */
  serve(principals: readonly Principal[]): void {
    this.#principals = new Map(principals.map((principal) => [principal.logicalId, principal]));
  }

  /** Tells whether an access key id is a function's. */
  isFunction(accessKeyId: string): boolean {
    return this.#principals.has(accessKeyId);
  }

  /**
   * Checks that a caller may do what it asks for. Who is not one of the functions is the operator and may do everything.
   *
   * @throws AwsRefusal as IAM would refuse it
   */
  authorize({ accessKeyId, service }: Caller, operation: string, parameters: unknown): void {
    const principal = this.#principals.get(accessKeyId);
    if (!principal) return;
    const { name: functionName, roleStatements } = principal;
    for (const permission of requiredPermissions(service, operation, parameters)) {
      const verdict = evaluate(roleStatements, permission);
      if (verdict !== 'allowed') throw accessDenied(service, functionName, permission, verdict);
      const key = [functionName, permission.action, permission.resource].join(' ');
      this.#used.set(key, { functionName, ...permission, calls: (this.#used.get(key)?.calls ?? 0) + 1 });
    }
  }

  /** Every permission that a function made use of so far, each once. */
  used(): UsedPermission[] {
    return [...this.#used.values()];
  }
}

interface Caller {
  readonly accessKeyId: string;
  readonly service: string;
}

function accessDenied(
  service: string,
  functionName: string,
  { action, resource }: Permission,
  verdict: string,
): AwsRefusal {
  const because =
    verdict === 'explicitly denied'
      ? 'with an explicit deny in an identity-based policy'
      : `because no identity-based policy allows the ${action} action`;
  const message = `User: ${sessionArn(functionName)} is not authorized to perform: ${action} on resource: ${resource} ${because}`;
  const status = service === 'lambda' || service === 'sqs' ? 403 : 400;
  return new AwsRefusal('AccessDeniedException', message, status);
}
