// The cards of a questionnaire: what is answered, what is open, what was answered before.

// A form looks through the names of all its fields before it answers anything about itself: on a
// phone with 140 units that is half a frame, so it is asked as a plain element, and its words once.
const plain = (place) => (place instanceof HTMLFormElement ? Element.prototype : place);
const all = (selector, within) => [...plain(within).querySelectorAll.call(within, selector)];
const one = (selector, within = document) => plain(within).querySelector.call(within, selector);
const has = (form, name) => Element.prototype.hasAttribute.call(form, name);
const FIELDS = "input, textarea";
// Where somebody was who goes card by card, for the same form in another language. -1 is before the
// first card: what is asked and why, and the one-time code.
let lastPlace = -1;

// --- one unit's card -----------------------------------------------------------------------------

const itemsOf = (unit) => all(".item", unit);
const wholeOf = (unit) => one(".whole input", unit);

// What a card holds: an option code or "" for each item, and whether the unit is not known.
function readCard(unit) {
  const values = itemsOf(unit).map((item) => {
    const chosen = one("input:checked", item);
    return chosen ? chosen.value : "";
  });
  return { values, whole: wholeOf(unit).checked };
}

function writeCard(unit, card) {
  itemsOf(unit).forEach((item, index) => {
    all("input", item).forEach((input) => { input.checked = input.value === card.values[index]; });
  });
  wholeOf(unit).checked = card.whole;
}

const openIn = (card) => card.values.filter((value) => !value).length;
const isTouched = (card) => card.values.some((value) => value);

// --- the sheet: all cards of a form, and what they hold ------------------------------------------

// Filled once from what is checked, then kept up card by card: a tap must not look at 140 units.
function sheetOf(form) {
  const units = all(".unit", form);
  const strip = one(".progress", form);
  const sheet = { form, units, strip, words: form.dataset, cards: new Map(), done: 0, past: [] };
  const size = units.length ? itemsOf(units[0]).length : 0;
  const filled = new Set(all(".unit input:checked", form).map((input) => input.closest(".unit")));
  units.forEach((unit) => {
    const blank = { values: new Array(size).fill(""), whole: false };
    sheet.cards.set(unit, filled.has(unit) ? readCard(unit) : blank);
  });
  sheet.done = units.filter((unit) => openIn(sheet.cards.get(unit)) === 0).length;
  return sheet;
}

function takeUp(sheet, unit, remembers) {
  const before = sheet.cards.get(unit);
  const now = readCard(unit);
  if (remembers) sheet.past.push({ unit, card: before });
  sheet.cards.set(unit, now);
  sheet.done += (openIn(now) === 0) - (openIn(before) === 0);
  showState(sheet, unit);
  showProgress(sheet);
}

// Return the unit that was changed back, and the field where that is seen.
function undo(sheet) {
  const last = sheet.past.pop();
  if (!last) return null;
  const { unit, card } = last;
  const { values } = sheet.cards.get(unit);
  const item = itemsOf(unit)[card.values.findIndex((value, index) => value !== values[index])];
  writeCard(unit, card);
  takeUp(sheet, unit, false);
  return { unit, field: item ? one("input:checked", item) || one("input", item) : wholeOf(unit) };
}

// "I do not know this unit" answers what is still open; unticking takes those answers back.
function tickWhole(sheet, unit) {
  const { unscored } = sheet.words;
  const card = readCard(unit);
  card.values = card.values.map((value) => {
    if (card.whole) return value || unscored;
    return value === unscored ? "" : value;
  });
  writeCard(unit, card);
}

function changed(sheet, target) {
  const unit = target.closest(".unit");
  if (unit && target.type !== "textarea") {
    const whole = wholeOf(unit);
    if (target === whole) tickWhole(sheet, unit);
    else if (target.type === "radio" && target.value !== sheet.words.unscored) whole.checked = false;
    mend(target.closest(".item"));
    takeUp(sheet, unit, true);
  }
  if (target.name.startsWith("q.")) {
    showQuestions(sheet.form);
    mend(target.closest(".question"));
  }
}

// --- what is shown of it -------------------------------------------------------------------------

function showState(sheet, unit) {
  const { words } = sheet;
  const card = sheet.cards.get(unit);
  const summary = one("summary", unit);
  let state = one(".state", summary);
  if (!state) {
    state = document.createElement("span");
    state.className = "state";
    summary.append(state);
  }
  const open = openIn(card);
  state.classList.toggle("full", open === 0);
  state.textContent = "";
  if (isTouched(card)) state.textContent = open ? words.missing.replace("#", open) : "✓ " + words.rated;
  showClear(sheet, unit, isTouched(card) || card.whole);
}

function showClear(sheet, unit, isWanted) {
  // The last thing on a card. Looking for it by its name would look at all cards: one was just changed.
  let button = unit.lastElementChild.matches(".clear") ? unit.lastElementChild : null;
  if (!isWanted || button) {
    if (button) button.hidden = !isWanted;
    return;
  }
  button = document.createElement("button");
  button.type = "button";
  button.className = "button clear";
  button.textContent = sheet.words.clear;
  button.addEventListener("click", () => {
    all("input", unit).forEach((input) => { input.checked = false; });
    itemsOf(unit).forEach(mend);
    takeUp(sheet, unit, true);
    one("summary", unit).focus();
    sheet.form.dispatchEvent(new Event("filled"));
  });
  unit.append(button);
}

function showProgress(sheet) {
  const { form, units, strip, done } = sheet;
  const words = sheet.words.count.replace("##", units.length).replace("#", done);
  if (strip) {
    strip.hidden = false;
    one("progress", strip).value = done;
    one(".count", strip).textContent = words;
    one(".next", strip).disabled = done === units.length;
    one(".undo", strip).disabled = sheet.past.length === 0;
  } else {
    say(form, done ? words : "");
  }
}

// The line above the button: how far it is, what is kept, what went wrong.
function say(form, words, isWrong) {
  const line = one(".bar .count", form);
  line.classList.toggle("error", Boolean(isWrong));
  line.textContent = words;
}

function mend(wrong) {
  if (!wrong || !wrong.classList.contains("field-wrong")) return;
  wrong.classList.remove("field-wrong");
  [wrong, ...all("[aria-invalid]", wrong)].forEach((it) => {
    it.removeAttribute("aria-invalid");
    it.removeAttribute("aria-describedby");
  });
  all(".error", wrong).forEach((error) => error.remove());
}

function showQuestions(form) {
  all("[data-if]", form).forEach((question) => {
    const [name, code] = question.dataset.if.split("=");
    const asked = all("input", form).filter((input) => input.name === name && input.value === code);
    question.hidden = !asked.some((input) => input.checked && !input.closest("[hidden]"));
    const condition = one(".condition", question);
    if (condition) condition.hidden = true;
  });
}

// --- finding a unit ------------------------------------------------------------------------------

function prepareSearch(form) {
  const box = one(".search", form);
  if (!box) return;
  box.hidden = false;
  const input = one("input", box);
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  input.addEventListener("input", () => filterUnits(form, input.value.trim().toLowerCase()));
}

function filterUnits(form, wanted) {
  let found = 0;
  all("section[id^=c]", form).forEach((section) => {
    const isClass = one("h3", section).textContent.toLowerCase().includes(wanted);
    const units = all(".unit", section);
    units.forEach((unit) => {
      unit.hidden = !isClass && !one("summary", unit).textContent.toLowerCase().includes(wanted);
      if (!unit.hidden) found += 1;
    });
    section.hidden = units.every((unit) => unit.hidden);
  });
  one("#found").textContent = wanted ? form.dataset.found.replace("#", found) : "";
}

// --- what is not complete yet --------------------------------------------------------------------

// Units that were begun and not finished, said where they are and at the head of the form.
function showFaults(sheet) {
  const { form } = sheet;
  const begun = sheet.units.filter((unit) => {
    const card = sheet.cards.get(unit);
    return isTouched(card) && openIn(card) > 0;
  });
  const old = one("#errors", form);
  if (old) old.remove();
  if (!begun.length) return false;
  const links = [];
  begun.forEach((unit) => {
    unit.open = true;
    itemsOf(unit).forEach((item) => {
      if (!one("input:checked", item)) links.push(faultOf(sheet, unit, item));
    });
  });
  const summary = one("#summary-of-errors", form).content.cloneNode(true);
  const list = document.createElement("ul");
  list.append(...links);
  one(".error-summary", summary).id = "errors";
  one(".error-summary", summary).append(list);
  form.prepend(summary);
  one("#errors", form).focus();
  return true;
}

function faultOf(sheet, unit, item) {
  const words = sheet.words.openItem;
  if (!item.classList.contains("field-wrong")) {
    const error = document.createElement("p");
    error.className = "error";
    error.id = "e." + item.id;
    error.textContent = words;
    one("legend", item).after(error);
    item.classList.add("field-wrong");
    item.setAttribute("aria-invalid", "true");
    item.setAttribute("aria-describedby", error.id);
  }
  const line = document.createElement("li");
  const link = document.createElement("a");
  link.href = "#" + item.id;
  link.textContent = [one("summary span", unit).textContent, one("legend", item).textContent, words].join(" · ");
  line.append(link);
  return line;
}

// A link of the summary leads to the first thing that can be answered at its place.
function goToFault(sheet, event) {
  const link = event.target.closest("#errors a, .missing a");
  const place = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
  if (!place) return;
  event.preventDefault();
  if (sheet.stops) leaveReview(sheet);
  const unit = place.closest(".unit");
  if (unit) unit.open = true;
  if (unit && sheet.stops) showUnit(sheet, unit);
  const first = place.matches(FIELDS) ? place : one(".item.field-wrong input, " + FIELDS, place);
  (first && !place.classList.contains("unit") ? first : one("summary", place) || place).focus();
  place.scrollIntoView();
}
