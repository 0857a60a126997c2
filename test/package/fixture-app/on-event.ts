/** As an integrator writes it, with types of the package. */
export async function onEvent(event: { readonly id: string }): Promise<void> {
  console.log('their-own-handler', event.id);
}

export async function onConnectionChange(): Promise<void> {}
