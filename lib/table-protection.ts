/**
 * The deletion protection of DynamoDB tables. The template leaves it alone, because CloudFormation could not take a
 * protected table back when a first deployment fails.
 */
export interface TableProtection {
  /** Whether a table refuses to be deleted. @throws errors of AWS as they come */
  isProtected(tableName: string): Promise<boolean>;
  /** Has a table refuse to be deleted from now on. To do it twice is fine. @throws errors of AWS as they come */
  protect(tableName: string): Promise<void>;
}
