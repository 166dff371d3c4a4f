// Handing in: said to be saved only when it is, and sent again by itself until then.

const PATIENCE = 30000;
const PAUSES = [3, 6, 12, 24, 48];
const AFTER_CHANGE = 10000;
const again = { timer: 0, tries: 0 };

// Send the form; return the page that answers, or throw where nothing of ours came back.
async function send(form, address, more) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  try {
    const answer = await fetch(address, {
      method: "POST",
      headers: { Accept: "text/html" },
      body: new URLSearchParams([...new FormData(form), ...more]),
      signal: stop.signal,
    });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!one("main", page)) throw new Error("not our page");
    return { page, isRefused: answer.status === 429 || answer.status >= 500 };
  } finally {
    clearTimeout(timer);
  }
}

function show(page) {
  clearTimeout(again.timer);
  again.timer = 0;
  document.title = page.title;
  document.documentElement.lang = page.documentElement.lang;
  document.body.replaceWith(document.adoptNode(page.body));
  scrollTo(0, 0);
  start();
  const first = one("#errors") || one("#told") || one("h1");
  first.tabIndex = -1;
  first.focus();
}

function prepareSending(sheet) {
  const { form } = sheet;
  form.noValidate = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!sheet.stops || form.classList.contains("reviewing")) handIn(sheet, 0);
    else one(".to-review", form).click();
  });
  all("[data-language]", document).forEach((button) => {
    button.addEventListener("click", (event) => {
      event.preventDefault();
      rewrite(form, button);
    });
  });
}

// The same page in another language, with all that was filled in.
async function rewrite(form, button) {
  const asked = new URL(button.formAction, location.href);
  asked.searchParams.set("text", document.documentElement.dataset.text || "normal");
  try {
    const { page, isRefused } = await send(form, asked.pathname + asked.search, [["step", "rewrite"]]);
    if (isRefused) throw new Error("refused");
    show(page);
    history.replaceState(null, "", asked.pathname + asked.search);
  } catch {
    say(form, unsentWords(form), true);
  }
}

async function handIn(sheet, tries) {
  const { form } = sheet;
  const button = one(".hand-in", form);
  if (button.disabled || showFaults(sheet)) return;
  clearTimeout(again.timer);
  again.timer = 0;
  button.disabled = true;
  say(form, form.dataset.sending);
  try {
    if (typeof whenWorked === "function") await whenWorked(form); // only where the round asks
    const { page, isRefused } = await send(form, form.getAttribute("action"), []);
    if (isRefused) throw refusedBy(page);
    if (one(".thanks", page)) forgetDraft(form);
    show(page);
  } catch (fault) {
    button.disabled = false;
    button.textContent = form.dataset.again;
    keepDraft(form);
    say(form, fault.words || unsentWords(form), true);
    sendLater(sheet, tries + 1, PAUSES[Math.min(tries, PAUSES.length - 1)] * 1000);
  }
}

function sendLater(sheet, tries, pause) {
  clearTimeout(again.timer);
  again.tries = tries;
  again.timer = setTimeout(() => sendAgain(sheet, tries), pause);
}

// Who goes on typing after a failure shall not see half a sentence handed in.
function holdBack(sheet) {
  if (again.timer) sendLater(sheet, again.tries, AFTER_CHANGE);
}

// Not while somebody who went back from the last look is changing something.
function sendAgain(sheet, tries) {
  if (!sheet.stops || sheet.form.classList.contains("reviewing")) handIn(sheet, tries);
}

function refusedBy(page) {
  const fault = new Error("refused");
  const told = one("#errors", page) || one(".quiet", page);
  if (told) fault.words = all("h1, h2, p", told).map((part) => part.textContent).join(" ");
  return fault;
}

const unsentWords = (form) => (navigator.onLine === false ? form.dataset.offline : form.dataset.unsent);
