import type { CommandField } from '../operator/command-form.ts';
import { type Markup, markup, nothing } from './markup.ts';

/**
 * Shows the fields of a command.
 *
 * @param form sets them apart from those of another form of the page
 * @param filledIn what stands in them from the start. @default what the command takes when nothing is given
 */
export function commandFields(
  fields: readonly CommandField[],
  form: string,
  filledIn: Readonly<Record<string, string>> = {},
): Markup {
  return markup`${fields.map((field) => fieldMarkup(field, `${form}-${field.name}`, filledIn[field.name]))}`;
}

function fieldMarkup(field: CommandField, id: string, given: string | undefined): Markup {
  const { name, label, kind, proposals, preset, required } = field;
  const value = given ?? preset ?? '';
  if (kind === 'switch') {
    return markup`<label class="tick"><input type="checkbox" name="${name}" value="yes"> ${label}</label>`;
  }
  if (kind === 'choice') {
    const options = proposals.map(
      (one) => markup`<option ${one === value ? markup`selected` : nothing}>${one}</option>`,
    );
    return markup`<label>${label} <select name="${name}">${options}</select></label>`;
  }
  const list = proposals.length === 0 ? nothing : markup`list="${id}-known"`;
  return markup`<label>${label} <input name="${name}" value="${value}" ${required ? markup`required` : nothing} ${list}></label>${
    proposals.length === 0
      ? nothing
      : markup`<datalist id="${id}-known">${proposals.map((one) => markup`<option value="${one}"></option>`)}</datalist>`
  }`;
}
