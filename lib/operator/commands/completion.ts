import { command } from '../command.ts';
import { shellName, shellNames } from '../shells.ts';

/** `procore completion`. */
export const completion = command({
  brief: 'Prints a script that makes `procore` a command of your shell, and completes it with Tab',
  examples: [
    'npm run --silent procore -- completion bash > ~/.procore.bash && echo "source ~/.procore.bash" >> ~/.bashrc',
    'npm run --silent procore -- completion zsh > ~/.procore.zsh && echo "source ~/.procore.zsh" >> ~/.zshrc',
    'npm run --silent procore -- completion fish > ~/.config/fish/conf.d/procore.fish',
  ],
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [
        {
          parse: shellName,
          proposeCompletions: () => shellNames,
          brief: 'bash, zsh or fish',
          placeholder: 'SHELL',
        },
      ],
    },
  },
  action: async () => (await import('../actions/completion.ts')).completion,
});

/** `procore complete`, which the scripts of {@link completion} call: it is in no help. */
export const complete = command({
  brief: 'Proposes how the last of some words can go on, one proposal a line',
  examples: ['npm run --silent procore -- complete connections sh'],
  parameters: {
    positional: { kind: 'array', parameter: { parse: String, brief: 'Words after `procore`', placeholder: 'WORD' } },
  },
  action: async () => (await import('../actions/completion.ts')).complete,
});
