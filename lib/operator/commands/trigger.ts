import { localCommand } from '../command.ts';
import { procoreId, wholeNumber } from '../parsers.ts';
import { environmentFlag, switchFlag } from '../shared-parameters.ts';

const idFlag = (brief: string) =>
  ({ kind: 'parsed', parse: procoreId, brief, placeholder: 'ID', optional: true }) as const;

/** `procore trigger`. */
export const trigger = localCommand({
  brief: 'Lets something happen at the stand-in Procore of `npm start`, and says what onEvent made of it',
  examples: [
    'npm run procore -- trigger RFIs.update',
    'npm run procore -- trigger RFIs.update --times 20',
    'npm run procore -- trigger "Punch Items.create" --project 23498237',
    'npm run procore -- trigger RFIs.update --duplicate',
  ],
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [
        {
          parse: String,
          brief: 'A resource of the webhook catalogue, and create, update or delete',
          placeholder: 'EVENT',
        },
      ],
    },
    flags: {
      ...environmentFlag,
      company: idFlag('In which company; else that of a hook that listens'),
      project: idFlag('In which project; else that of the hook, or the first'),
      id: idFlag('Which record; else another one each time'),
      times: {
        kind: 'parsed',
        parse: wholeNumber({ from: 1, to: 200 }),
        brief: 'How many times',
        placeholder: 'NUMBER',
        default: '1',
      },
      old: switchFlag('And once more, with a time before it: the event comes out of order'),
      duplicate: switchFlag('And deliver the same delivery again, as Procore may'),
    },
  },
  action: async () => (await import('../actions/trigger.ts')).trigger,
});
