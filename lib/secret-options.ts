/** What a secret's option ends with, whatever stands before it. */
const secretOption =
  /^--?(?:[\w-]*[-_])?(?:\w*[a-z](?=[A-Z]))?(?:secret|token|password|passphrase|private-?key|access-?key|api-?key)(?==|$)/i;

/**
 * Finds an option that would hold a secret. On a command line every process of the machine sees it, and the shell keeps it
 * in its history, so no command takes one.
 *
 * @param switches options that only sound so: they take no value
 * @returns the option as it was typed, without its value; undefined when there is none
 */
export function secretOptionIn(argv: readonly string[], switches: readonly string[] = []): string | undefined {
  const ours = (argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv).filter(
    (word) => !switches.includes(word),
  );
  return ours.map((word) => secretOption.exec(word)?.[0]).find((option) => option !== undefined);
}

/** Says why such an option is refused. @param option as it was typed @param wayOut a sentence */
export function refusedSecretOption(option: string, wayOut: string): string {
  return (
    `${option} is not taken: on a command line every process of this machine sees a secret, and the shell keeps it in its ` +
    `history. ${wayOut} If it was a real one, make a new one at Procore.`
  );
}
