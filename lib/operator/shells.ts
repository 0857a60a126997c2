import { usageError } from './exit-codes.ts';

/** The shells whose completion we know. */
export type ShellName = 'bash' | 'zsh' | 'fish';

/** @see ShellName */
export const shellNames: readonly ShellName[] = ['bash', 'zsh', 'fish'];

/** Where our program is on this machine. */
export interface Program {
  /** Name and version of the package that it belongs to. */
  readonly package: { readonly name: string; readonly version: string };
  /** The Node that runs it. */
  readonly node: string;
  /** The path of the program itself. */
  readonly script: string;
  /** The words by which a person's shell runs it, from any folder. */
  readonly command: readonly string[];
}

/** Reads the name of a shell. @throws OperatorError whose message goes on after the value's name */
export function shellName(text: string): ShellName {
  const found = shellNames.find((name) => name === text);
  if (found === undefined) throw usageError('is bash, zsh or fish.');
  return found;
}

/**
 * Writes the script that completes `procore`. It also makes `procore` a command that runs the program from any folder,
 * unless there is one of that name. Tab calls Node directly: npm takes too long for it.
 */
export function completionScript(shell: ShellName, program: Program): string {
  return scripts[shell](program);
}

const scripts: Readonly<Record<ShellName, (program: Program) => string>> = {
  bash: ({ node, script, command }) => `# Procore Connector: the command procore and its completion, for bash.
if ! type procore > /dev/null 2>&1; then
  procore() { ${command.map(quote).join(' ')} "$@"; }
fi
_procore() {
  local word words=() proposal
  # bash takes --name=value for three words.
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do
    [[ $word == '=' ]] || words+=("$word")
  done
  [[ \${COMP_WORDS[COMP_CWORD]} == '=' ]] && words+=('')
  COMPREPLY=()
  while IFS=$'\\t' read -r proposal _; do
    COMPREPLY+=("$proposal")
  done < <(${quote(node)} ${quote(script)} complete -- "\${words[@]}" 2> /dev/null)
}
complete -F _procore procore
`,
  zsh: ({ node, script, command }) => `# Procore Connector: the command procore and its completion, for zsh.
if ! whence procore > /dev/null; then
  procore() { ${command.map(quote).join(' ')} "$@" }
fi
_procore() {
  local line proposals=()
  for line in "\${(@f)$(${quote(node)} ${quote(script)} complete -- "\${(@)words[2,CURRENT]}" 2> /dev/null)}"; do
    [[ -n $line ]] && proposals+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe procore proposals
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _procore procore
`,
  fish: ({ node, script, command }) => `# Procore Connector: the command procore and its completion, for fish.
if not type -q procore
    function procore
        ${command.map(quote).join(' ')} $argv
    end
end
function __procore_proposals
    ${quote(node)} ${quote(script)} complete -- (commandline -opc)[2..] (commandline -ct) 2> /dev/null
end
complete -c procore -f -a '(__procore_proposals)'
`,
};

/** Quotes a word as all three shells take it, where it has to be. */
function quote(word: string): string {
  return /^[\w-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
