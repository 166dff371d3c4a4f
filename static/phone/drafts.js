// Nothing that was filled in is lost: kept on the phone, or, under a one-time code, sealed on the server.

const DRAFT_DAYS = 30;
const NOT_KEPT = new Set(["nonce", "token", "step", "work"]);
const LOCAL_PAUSE = 400;
const SERVER_PAUSE = 3000;
const LONGEST_OPEN = 10000;

const codeOf = (form) => new URL(form.action, location.href).pathname;
const draftName = (form) => "pingyi.draft." + codeOf(form);
const tokenName = (form) => "pingyi.token." + codeOf(form);
const isSecret = (form) => has(form, "data-secret");
const isShared = (form) => has(form, "data-shared");

// In-app browsers may refuse to keep anything, or forget it: then the page itself is all there is.
function tryStore(work) {
  try { return work(); } catch { return null; }
}

const filledIn = (form) => [...new FormData(form)].filter(([name, value]) => value && !NOT_KEPT.has(name));

// --- on the phone, for open questionnaires -------------------------------------------------------

function keepDraft(form) {
  if (isSecret(form) || isShared(form) || !form.isConnected || form.dataset.forgotten) return false;
  const fields = filledIn(form);
  const draft = { at: Date.now(), nonce: one("[name=nonce]", form).value, fields, scroll: scrollY };
  return tryStore(() => {
    if (fields.length) localStorage.setItem(draftName(form), JSON.stringify(draft));
    else localStorage.removeItem(draftName(form));
    return fields.length > 0;
  });
}

// Beside the count, unless something more important is being said.
function sayKept({ form, done }) {
  const line = one(".bar .count", form);
  if (line.classList.contains("error") || form.classList.contains("all")) return;
  say(form, [done ? form.dataset.count.replace("#", done) : "", form.dataset.kept].filter(Boolean).join(" · "));
}

function forgetDraft(form) {
  lastPlace = -1;
  form.dataset.forgotten = "yes"; // the page is still here while it goes, and would be kept once more
  tryStore(() => localStorage.removeItem(draftName(form)));
  tryStore(() => sessionStorage.removeItem(tokenName(form)));
}

// Put what was kept back on a page that is still empty, with the page's own number: if the answer
// to an earlier try was lost, the same ballot meets itself and is counted once.
function restoreDraft(sheet) {
  const { form } = sheet;
  if (isSecret(form) || isShared(form)) return;
  dropOldDrafts();
  const draft = tryStore(() => JSON.parse(localStorage.getItem(draftName(form))));
  if (!draft || !Array.isArray(draft.fields) || filledIn(form).length || one("#errors", form)) return;
  fillIn(sheet, draft.fields);
  one("[name=nonce]", form).value = draft.nonce;
  const told = one(".restored", form);
  told.hidden = false;
  one(".afresh", told).addEventListener("click", () => { forgetDraft(form); location.replace(codeOf(form) + location.search); });
  if (draft.scroll > 0) scrollTo(0, draft.scroll);
}

function dropOldDrafts() {
  const oldest = Date.now() - DRAFT_DAYS * 24 * 3600 * 1000;
  tryStore(() => Object.keys(localStorage).filter((name) => name.startsWith("pingyi.draft.")).forEach((name) => {
    const draft = tryStore(() => JSON.parse(localStorage.getItem(name)));
    if (!draft || !(draft.at > oldest)) localStorage.removeItem(name);
  }));
}

function fillIn(sheet, fields) {
  const { form } = sheet;
  const touched = new Set();
  fields.forEach(([name, value]) => {
    const places = form.elements[name];
    if (!places) return;
    const list = places.length === undefined || places.tagName ? [places] : [...places];
    list.forEach((input) => {
      if (input.type === "radio" || input.type === "checkbox") {
        if (input.value === value) input.checked = true;
      } else input.value = value;
      touched.add(input.closest(".unit"));
      const folded = input.closest(".say");
      if (folded && folded.tagName === "DETAILS") folded.open = true;
    });
  });
  touched.delete(null);
  touched.forEach((unit) => {
    unit.open = true;
    if (one(".whole input:checked", unit)) tickWhole(sheet, unit);
    takeUp(sheet, unit, false);
  });
  showQuestions(form);
}

// --- on the server, under a one-time code --------------------------------------------------------

let asideTimer = 0;
let isUnderWay = false;
let openSince = 0; // since when something is not put aside yet

// Ask something about the one-time code, beside what else is sent.
function ask(form, end, fields, isLeaving) {
  return fetch(codeOf(form) + end, {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams([...fields, ["token", one("#token", form).value]]),
    keepalive: isLeaving,
  });
}

// After a pause, but never long after the first change: some people do not pause.
function putAsideSoon(form) {
  clearTimeout(asideTimer);
  openSince = openSince || Date.now();
  const pause = Math.max(0, Math.min(SERVER_PAUSE, openSince + LONGEST_OPEN - Date.now()));
  asideTimer = setTimeout(() => putAside(form, false), pause);
}

async function putAside(form, isLeaving) {
  clearTimeout(asideTimer);
  if (!form.isConnected || form.dataset.usable !== "yes") return;
  // One after the other: an older one that arrives later must not take the newer one's place.
  if (isUnderWay && !isLeaving) { putAsideSoon(form); return; }
  const words = form.dataset;
  openSince = 0;
  isUnderWay = true;
  try {
    const answer = await ask(form, "/draft", filledIn(form), isLeaving);
    if (answer.status >= 400 && answer.status < 429) { // used meanwhile, or closed: no use trying again
      form.dataset.usable = "";
      sayAside(form, (await answer.json()).title, true);
      return;
    }
    if (!answer.ok) throw new Error("not put aside");
    const now = new Date();
    const time = [now.getHours(), now.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":");
    sayAside(form, words.putAside.replace("#", time), false);
  } catch {
    openSince = openSince || Date.now();
    sayAside(form, words.notAside, true);
    asideTimer = setTimeout(() => putAside(form, false), LONGEST_OPEN);
  } finally {
    isUnderWay = false;
  }
}

function sayAside(form, words, isWrong) {
  const line = one(".aside-said", form);
  line.classList.toggle("error", isWrong);
  line.textContent = words;
}

// Ask whether the code can be used, and go on with what was put aside under it.
async function checkToken(sheet) {
  const { form } = sheet;
  const field = one("#token", form);
  const said = one("#token-said", form);
  const wasRefused = form.dataset.usable === "no";
  form.dataset.usable = "";
  if (!field.value.trim()) { said.hidden = true; return; }
  try {
    const answer = await ask(form, "/token", [], false);
    const found = answer.status === 204 ? {} : await answer.json();
    said.className = answer.ok ? "good" : "error";
    said.textContent = answer.ok ? "✓ " + form.dataset.tokenGood : found.title + " " + found.detail;
    said.hidden = false;
    // Also where it is in view: what stands by the code may be below the fold.
    if (!answer.ok) {
      form.dataset.usable = "no";
      say(form, found.title, true);
      return;
    }
    if (wasRefused) say(form, "");
    form.dataset.usable = "yes";
    tryStore(() => sessionStorage.setItem(tokenName(form), field.value));
    if (found.draft && sheet.wasEmpty) resume(sheet, found.draft);
    sheet.wasEmpty = false;
  } catch {
    said.hidden = true; // The ballot itself will tell; but only a good code puts drafts aside.
    setTimeout(() => { if (form.isConnected && !form.dataset.usable) checkToken(sheet); }, LONGEST_OPEN);
  }
}

// What was touched before a slow answer came stays as it is; the rest comes from the draft, which
// would else be put aside anew without it.
function resume(sheet, draft) {
  const mine = new Set(filledIn(sheet.form).map(([name]) => name));
  const fields = [];
  Object.keys(draft).filter((name) => !mine.has(name))
    .forEach((name) => draft[name].forEach((value) => fields.push([name, value])));
  fillIn(sheet, fields);
  if (mine.size) sheet.form.dispatchEvent(new Event("filled"));
  one(".restored", sheet.form).hidden = false;
  one(".afresh", sheet.form).hidden = true;
  if (sheet.stops && !mine.size) goToNext(sheet);
}

function prepareToken(sheet) {
  const { form } = sheet;
  const field = one("#token", form);
  if (!field) return;
  sheet.wasEmpty = filledIn(form).length === 0;
  const kept = tryStore(() => sessionStorage.getItem(tokenName(form)));
  if (kept && !field.value) field.value = kept;
  field.addEventListener("change", () => checkToken(sheet));
  if (!takeFromAddress(sheet)) checkToken(sheet);
}

// Out of the address bar and the history: who looks at the phone later shall not find it.
function takeFromAddress(sheet) {
  const found = /^#([0-9A-Za-z-]{20,})$/.exec(location.hash);
  if (!found) return false;
  one("#token", sheet.form).value = found[1];
  history.replaceState(null, "", location.pathname + location.search);
  checkToken(sheet);
  return true;
}
