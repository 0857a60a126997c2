import { span } from '../operator/table.ts';

// What runs in the browser. Without it every page still shows and does what it can, but does not change by itself. It is
// sent as text, so each function uses nothing from outside of itself but what it is given.

/**
 * Makes a part of a page like another one, and touches nothing that is the same: what the reader has opened, focused,
 * selected and scrolled to stays as it was.
 */
export function patch(old: Node, wanted: Node): void {
  if (!(old instanceof Element && wanted instanceof Element)) {
    if (old.nodeValue !== wanted.nodeValue) old.nodeValue = wanted.nodeValue;
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (name !== 'open' && !wanted.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (name !== 'open' && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  const idOf = (node: Node | null) => (node instanceof Element ? node.id : '');
  let at = old.firstChild;
  for (const next of [...wanted.childNodes]) {
    const id = idOf(next);
    const known = id === '' ? at : [...old.children].find((child) => child.id === id);
    if (!known || known.nodeName !== next.nodeName || idOf(known) !== id) {
      old.insertBefore(next, at);
      continue;
    }
    if (known === at) at = at.nextSibling;
    else old.insertBefore(known, at);
    patch(known, next);
  }
  while (at !== null) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

/** What puts into a page what the server sends. */
interface Following {
  /** Puts in the whole of a part that changes. */
  readonly putIn: (place: Element, content: string) => void;
  /** Puts rows into a list. */
  readonly putRows: (table: Element, content: string) => void;
  readonly sayStill: (text: string, isLive: boolean) => void;
}

/**
 * Follows a part of a page as long as the page is seen: a browser has six connections to a console, and with six pages
 * that keep theirs no seventh one would load, and no button do anything. Who comes back, and who was cut off, gets the
 * part as it is now before it goes on: what happened meanwhile is not sent a second time.
 */
function keepUp(place: Element, { putIn, putRows, sayStill }: Following): void {
  const pauseMs = 3000;
  const address = place.getAttribute('data-live') ?? '';
  let source: EventSource | undefined;
  let timer = 0;
  let turn = 0;
  const rest = () => {
    turn += 1;
    source?.close();
    window.clearTimeout(timer);
  };
  const askAgain = (why: string) => {
    rest();
    sayStill(`Not live: ${why} It is asked again.`, false);
    timer = window.setTimeout(catchUp, pauseMs);
  };
  const sayHow = () => {
    const isAway = place.querySelector('[data-away]') !== null;
    sayStill(isAway ? 'Not live' : 'Live', !isAway);
  };
  const open = () => {
    source = new EventSource(address);
    source.addEventListener('content', ({ data }) => {
      putIn(place, JSON.parse(data));
      sayHow();
    });
    source.addEventListener('rows', ({ data }) => putRows(place, JSON.parse(data)));
    source.addEventListener('open', sayHow);
    source.addEventListener('error', () => askAgain('the console, or what it shows, does not answer.'));
  };
  const catchUp = async () => {
    rest();
    if (document.hidden) return;
    const mine = turn;
    const isMine = () => mine === turn && !document.hidden;
    try {
      const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), 'text/html');
      if (!isMine()) return;
      const now = page.querySelector(`[data-live="${CSS.escape(address)}"]`);
      if (now === null) return askAgain(page.querySelector('main p')?.textContent ?? '');
      putIn(place, now.innerHTML);
      open();
    } catch {
      if (isMine()) askAgain('the console does not answer.');
    }
  };
  document.addEventListener('visibilitychange', () => void catchUp());
  window.addEventListener('pageshow', ({ persisted }) => persisted && void catchUp());
  window.addEventListener('pagehide', rest);
  if (!document.hidden) open();
}

/** Puts in what the server sends, as parts of a page or as rows of a list. */
function follow(change: typeof patch, keep: typeof keepUp): void {
  const putIn = (place: Element, content: string) => {
    const wanted = place.cloneNode() as Element;
    wanted.innerHTML = content;
    const focused = document.activeElement;
    const { anchorNode, anchorOffset, focusNode, focusOffset } = document.getSelection() ?? {};
    change(place, wanted);
    // What is moved loses the focus, and a text that changes its selection.
    if (focused !== document.activeElement && focused instanceof HTMLElement) focused.focus({ preventScroll: true });
    if (!anchorNode || !focusNode || !place.contains(anchorNode) || !place.contains(focusNode)) return;
    const within = (node: Node, offset = 0) => Math.min(offset, (node.nodeValue ?? { length: offset }).length);
    const [from, to] = [within(anchorNode, anchorOffset), within(focusNode, focusOffset)];
    document.getSelection()?.setBaseAndExtent(anchorNode, from, focusNode, to);
  };

  const sayStill = (text: string, isLive: boolean) => {
    const place = document.querySelector('[data-still]');
    if (place === null || place.textContent === text) return;
    place.textContent = text;
    place.classList.toggle('well', isLive);
    place.classList.toggle('now', !isLive);
  };

  /** A row that is there is replaced; a new one comes first. The oldest ones of a long list give way. */
  const putRows = (table: Element, content: string) => {
    const most = Number(table.getAttribute('data-most'));
    const holder = document.createElement('template');
    holder.innerHTML = content;
    for (const row of holder.content.querySelectorAll('tr')) {
      const known = document.getElementById(row.id);
      if (known === null) table.prepend(row);
      else if (known.outerHTML !== row.outerHTML) change(known, row);
    }
    while (table.children.length > most) table.lastElementChild?.remove();
  };

  for (const place of document.querySelectorAll('[data-live]')) keep(place, { putIn, putRows, sayStill });
}

/** Copies what stands in an element. Where the browser does not let it, the text is selected instead. */
function copy(): void {
  document.addEventListener('click', async ({ target }) => {
    const button = target instanceof Element ? target.closest('[data-copy]') : null;
    const source = document.getElementById(button?.getAttribute('data-copy') ?? '');
    if (button === null || source === null) return;
    try {
      await navigator.clipboard.writeText(source.textContent ?? '');
      button.textContent = 'Copied';
    } catch {
      document.getSelection()?.selectAllChildren(source);
      button.textContent = 'Selected';
    }
  });
}

/** Keeps saying how long ago something was. @param ago writes a length of time in seconds */
function age(ago: typeof span): void {
  const tell = () => {
    for (const place of document.querySelectorAll('time[data-ago]')) {
      const seconds = (Date.now() - Date.parse(place.getAttribute('datetime') ?? '')) / 1000;
      const text = `${ago(seconds)} ago`;
      if (place.firstChild !== null && place.textContent !== text) place.firstChild.nodeValue = text;
    }
  };
  setInterval(tell, 5000);
}

/** Lets single keys do what their list says, unless the reader has switched that off (WCAG 2.2 section 2.1.4). */
function takeKeys(): void {
  const kept = 'procore-console-keys';
  const list = document.querySelector<HTMLDialogElement>('dialog#keys');
  const wish = document.querySelector<HTMLInputElement>('[data-by-key]');
  if (list === null || wish === null) return;
  let isAfterG = false;
  const obey = (isWanted: boolean) => {
    wish.checked = isWanted;
    document.documentElement.classList.toggle('by-key', isWanted);
  };
  const press = (selector: string) => document.querySelector<HTMLElement>(selector)?.click();
  const environments = () => [...document.querySelectorAll('.side [data-environment]')];
  const goTo = (key: string) => {
    const current = environments().find((one) => one.hasAttribute('data-current')) ?? environments()[0];
    if (key === 'o') press('.side a[data-go="o"]');
    else current?.querySelector<HTMLElement>(`a[data-go="${CSS.escape(key)}"]`)?.click();
  };
  const changeEnvironment = (index: number) => {
    const key = document.querySelector('.side [data-current] [aria-current]')?.getAttribute('data-go') ?? 'e';
    environments()[index]?.querySelector<HTMLElement>(`a[data-go="${key}"]`)?.click();
  };
  const step = (by: number) => {
    const [rows, within] = [
      document.querySelectorAll('main tbody tr, main .problems > li'),
      'a, button, input, select',
    ];
    const usable = [...rows].filter((row) => row.querySelector(within) !== null);
    const here = usable.findIndex((row) => row.contains(document.activeElement));
    const next = here < 0 && by < 0 ? usable.length - 1 : here + by;
    usable[next]?.querySelector<HTMLElement>(within)?.focus();
  };
  const acts: Record<string, () => void> = {
    j: () => step(1),
    k: () => step(-1),
    '/': () => document.querySelector<HTMLElement>('main [role="search"] input')?.focus(),
    '?': () => list.showModal(),
  };
  for (const button of document.querySelectorAll<HTMLElement>('[data-shows="keys"]')) {
    button.hidden = false;
    button.addEventListener('click', () => list.showModal());
  }
  wish.addEventListener('change', () => {
    localStorage.setItem(kept, wish.checked ? 'on' : 'off');
    obey(wish.checked);
  });
  obey(localStorage.getItem(kept) !== 'off');
  document.addEventListener('keydown', (event) => {
    const isTyping =
      event.target instanceof Element &&
      event.target.closest('input:not([type="checkbox"]), textarea, select, [contenteditable]') !== null;
    if (!wish.checked || isTyping || list.open || event.ctrlKey || event.metaKey || event.altKey) return;
    const [{ key }, wasAfterG] = [event, isAfterG];
    isAfterG = key === 'g' && !wasAfterG;
    if (wasAfterG) goTo(key);
    else if (/^[1-9]$/.test(key)) changeEnvironment(Number(key) - 1);
    else if (acts[key] !== undefined) acts[key]();
    else return;
    event.preventDefault();
  });
}

/** What is sent to the browser. */
export const browserScript = `(${follow})(${patch},${keepUp});(${copy})();(${age})(${span});(${takeKeys})();`;
