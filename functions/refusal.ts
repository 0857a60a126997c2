/** A refusal as invoked functions answer it, in place of the result. */
export interface Refusal {
  readonly error: {
    /** Literal, e.g. `rotation_pending`. */
    readonly code: string;
    /** What is wrong and what to do. */
    readonly message: string;
    /** With `rotation_pending`: when to ask again. */
    readonly retryAfterSeconds?: number;
    /** With `reauthorization_required`: why. */
    readonly reason?: string;
    /** With `reauthorization_required`: what a person does. */
    readonly reconnect?: string;
    /** With `app_not_installed`: whether the account sees no company at all. */
    readonly installedNowhere?: boolean;
  };
}
