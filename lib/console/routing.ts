import type { Context, Hono } from 'hono';
import type { Page, Said } from './frame.ts';
import { type Markup, markup, nothing } from './markup.ts';
import type { Place } from './quiet-session.ts';
import { type ConsoleContext, completed } from './request.ts';

/** What a page needs to answer requests. */
export interface Routing {
  readonly app: Hono;
  readonly context: ConsoleContext;
  /** Finds the environment of a path below `/s/:stack/:environment`. @throws OperatorError when there is none */
  place(request: Context): Promise<Place>;
  /** Reads the fields of a form; each may have several values, or none. */
  form(request: Context): Promise<Readonly<Record<string, readonly string[]>>>;
  /** Answers a form with a page, so that loading it again does nothing a second time. */
  done(request: Context, path: string, said: Said): Response;
  /** Answers with a page, on which stands what was done before it. */
  page(request: Context, made: Promise<Page> | Page): Promise<Response>;
  /** Answers with what follows, as server-sent events, until the browser leaves. */
  live(request: Context, event: 'content' | 'rows', follow: (signal: AbortSignal) => AsyncIterable<unknown>): Response;
}

/** The path of all environments' pages. */
export const inEnvironment = '/s/:stack/:environment';

/** A button that changes something, with what it is told. */
export interface Action {
  readonly path: string;
  readonly name: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly look?: 'second' | 'danger';
}

/** Makes a form of one button. */
export function actionForm({ entrance }: ConsoleContext, { path, name, fields = {}, look }: Action): Markup {
  return markup`<form method="post" action="${path}">${formToken(entrance.formToken)}${Object.entries(fields).map(
    ([field, value]) => markup`<input type="hidden" name="${field}" value="${value}">`,
  )}<button ${look === undefined ? nothing : markup`class="${look}"`}>${name}</button></form>`;
}

/** What every form holds that changes something. */
export function formToken(token: string): Markup {
  return markup`<input type="hidden" name="form" value="${token}">`;
}

/** Asks before something is done that cannot be taken back. */
export function confirmationPage(
  context: ConsoleContext,
  { environment }: Place,
  { question, action, back }: { readonly question: string; readonly action: Action; readonly back: string },
): Page {
  const sure = { ...action, fields: { ...action.fields, sure: 'yes' }, look: 'danger' } as const;
  return {
    title: 'Are you sure?',
    about: environment,
    body: markup`<section class="sheet" aria-label="Question"><p>${question}</p>${actionForm(context, sure)}<p><a href="${back}">No, go back</a></p></section>`,
  };
}

/** Shows a text of the command line as it is, ready to be copied. */
export function textPart({ selection }: ConsoleContext, { environment }: Place, text: string, name: string): Markup {
  const shown = completed(text, selection, environment.local, environment.name);
  return markup`<section class="sheet" aria-label="${name}"><pre id="text" tabindex="0" role="group" aria-label="${name}">${shown}</pre><button type="button" class="second" data-copy="text">Copy</button></section>`;
}
