// A form with many units: one card at a time, the next unrated one, the keyboard, the last look.

const WIDE = 720;

function prepareWalk(sheet) {
  const { form } = sheet;
  if (!form.classList.contains("all")) return;
  sheet.stops = [...sheet.units, ...all(".questions", form)];
  sheet.place = lastPlace;
  one(".next", form).addEventListener("click", () => goToNext(sheet));
  one(".undo", form).addEventListener("click", () => takeBack(sheet));
  one(".arrange", form).addEventListener("click", () => arrange(sheet, !form.classList.contains("one")));
  one(".before", form).addEventListener("click", () => goTo(sheet, sheet.place - 1));
  one(".after", form).addEventListener("click", () => goTo(sheet, sheet.place + 1));
  one(".back", form).addEventListener("click", () => { leaveReview(sheet); goTo(sheet, sheet.place); });
  one(".to-review", form).addEventListener("click", (event) => {
    event.preventDefault();
    if (!showFaults(sheet)) review(sheet);
    else showUnit(sheet, one(".item.field-wrong", form).closest(".unit"), true);
  });
  one(".classes", form) && one(".classes", form).addEventListener("click", (event) => goToClass(sheet, event));
  form.addEventListener("keydown", (event) => pressed(sheet, event));
  const isReview = !one("#review", form).hidden;
  arrange(sheet, innerWidth < WIDE, true);
  if (isReview) review(sheet, true);
}

function arrange(sheet, isOne, isQuiet) {
  const { form } = sheet;
  form.classList.toggle("one", isOne);
  const button = one(".arrange", form);
  button.textContent = isOne ? button.dataset.list : button.dataset.one;
  const search = one(".search", form);
  if (search) search.hidden = isOne;
  if (search && isOne) { one("input", search).value = ""; filterUnits(form, ""); }
  showStop(sheet);
  if (!isQuiet) goTo(sheet, sheet.place);
}

// Show the card of the present place, and say where that is.
function showStop(sheet) {
  const { form, stops } = sheet;
  const isOne = form.classList.contains("one");
  const stop = stops[sheet.place];
  const section = stop ? stop.closest("section") : null;
  lastPlace = sheet.place;
  all(".here", form).forEach((it) => it.classList.remove("here"));
  [stop, section].forEach((it) => { if (it) it.classList.add("here"); });
  one("main").classList.toggle("walking", isOne && Boolean(stop));
  if (isOne && stop && stop.matches("details")) stop.open = true;
  if (isOne && section) showPosition(sheet, section, stop);
  showWays(sheet, isOne, isOne && sheet.place === stops.length - 1);
}

function showPosition(sheet, section, stop) {
  const units = all(".unit", section);
  one(".class-count", section).textContent = sheet.form.dataset.position
    .replace("##", units.length).replace("#", units.indexOf(stop) + 1);
}

// The buttons at the foot: one of them is the next thing to do.
function showWays(sheet, isOne, isLast) {
  const { form, place } = sheet;
  const after = one(".after", form);
  const toReview = one(".to-review", form);
  const isBefore = isOne && place < 0;
  one(".before", form).hidden = !isOne || isBefore;
  after.hidden = !isOne || isLast;
  after.textContent = isBefore ? after.dataset.begin : after.dataset.next;
  after.classList.toggle("button-primary", isOne && !isLast);
  toReview.hidden = isBefore;
  toReview.classList.toggle("button-primary", !isOne || isLast);
}

function goTo(sheet, place) {
  sheet.place = Math.max(-1, Math.min(place, sheet.stops.length - 1));
  showStop(sheet);
  const stop = sheet.stops[sheet.place];
  if (!stop) { scrollTo(0, 0); return; }
  const title = one("summary, h2", stop);
  title.focus({ preventScroll: true });
  (sheet.form.classList.contains("one") ? stop.closest("section") || stop : stop).scrollIntoView();
}

function showUnit(sheet, unit, isQuiet) {
  unit.open = true;
  if (!sheet.stops) return;
  sheet.place = sheet.stops.indexOf(unit);
  showStop(sheet);
  if (!isQuiet) unit.scrollIntoView();
}

// The next unit that is not wholly rated, from here on and then from the beginning.
function goToNext(sheet) {
  const isOpen = (unit) => openIn(sheet.cards.get(unit)) > 0;
  const here = sheet.form.classList.contains("one") ? sheet.place : placeInView(sheet);
  const later = sheet.units.findIndex((unit, index) => index > here && isOpen(unit));
  const found = later >= 0 ? later : sheet.units.findIndex(isOpen);
  if (found >= 0) goTo(sheet, found);
}

function placeInView(sheet) {
  const below = sheet.units.findIndex((unit) => unit.getBoundingClientRect().top > 90);
  return below < 0 ? sheet.units.length : below - 1;
}

function goToClass(sheet, event) {
  const link = event.target.closest("a");
  const section = link && one(link.hash, sheet.form);
  if (!section) return;
  event.preventDefault();
  goTo(sheet, sheet.stops.indexOf(one(".unit", section)));
}

function takeBack(sheet, isByKey) {
  const undone = undo(sheet);
  if (!undone) return;
  showUnit(sheet, undone.unit);
  if (isByKey) undone.field.focus(); // so that the next digit answers what was taken back
  sheet.form.dispatchEvent(new Event("filled"));
}

// --- the keyboard --------------------------------------------------------------------------------

// Only inside a unit's card, so that a single key never acts where somebody does not expect it.
function pressed(sheet, event) {
  const unit = event.target.closest(".unit");
  if (!unit || event.target.type === "textarea" || event.altKey || event.metaKey) return;
  if (event.ctrlKey) {
    if (event.key.toLowerCase() === "z") { event.preventDefault(); takeBack(sheet, true); }
    return;
  }
  if (event.key === "Enter" && !event.target.closest("button")) {
    event.preventDefault();
    goTo(sheet, sheet.units.indexOf(unit) + 1);
  } else if (/^[0-9]$/.test(event.key)) {
    choose(sheet, unit, event.target.closest(".item"), Number(event.key));
  }
}

function choose(sheet, unit, item, digit) {
  const items = itemsOf(unit);
  const isOpen = (it) => !one("input:checked", it);
  const asked = item || items.find(isOpen) || items[0];
  const options = all("input", asked);
  const unscored = sheet.form.dataset.unscored;
  const scored = options.filter((input) => input.value !== unscored);
  const chosen = digit === 0 ? options.find((input) => input.value === unscored) : scored[digit - 1];
  if (!chosen) return;
  chosen.checked = true;
  chosen.dispatchEvent(new Event("change", { bubbles: true }));
  const following = items.slice(items.indexOf(asked) + 1).find(isOpen) || items.find(isOpen);
  (following ? one("input", following) : chosen).focus();
}

// --- the last look -------------------------------------------------------------------------------

function review(sheet, isQuiet) {
  const { form } = sheet;
  const missing = [];
  all("#review [data-class]", form).forEach((row) => {
    const counts = countsOf(sheet, all(".unit", one("#" + row.dataset.class, form)), missing);
    all("td", row).forEach((cell, index) => { cell.textContent = counts[index]; });
  });
  const list = one(".missing-units", form);
  list.textContent = "";
  list.append(...missing.map((unit) => missingLine(sheet, unit)));
  one(".missing", form).hidden = missing.length === 0;
  one("#review", form).hidden = false;
  form.classList.add("reviewing");
  [".before", ".after", ".to-review"].forEach((name) => { one(name, form).hidden = true; });
  [".back", ".hand-in"].forEach((name) => { one(name, form).hidden = false; });
  say(form, "");
  if (isQuiet) return;
  one("#review-title", form).focus({ preventScroll: true });
  one("#review", form).scrollIntoView();
}

// How many of these units are rated, not known, and open; the open ones are added to a list.
function countsOf(sheet, units, missing) {
  const counts = [0, 0, 0];
  const unscored = sheet.form.dataset.unscored;
  units.forEach((unit) => {
    const card = sheet.cards.get(unit);
    const kind = openIn(card) ? 2 : card.values.every((value) => value === unscored) ? 1 : 0;
    counts[kind] += 1;
    if (kind === 2) missing.push(unit);
  });
  return counts;
}

function missingLine(sheet, unit) {
  const line = document.createElement("li");
  const link = document.createElement("a");
  link.href = "#" + unit.id;
  link.textContent = one("summary span", unit).textContent;
  line.append(link);
  if (isTouched(sheet.cards.get(unit))) line.append(" · " + sheet.form.dataset.inPart);
  return line;
}

function leaveReview(sheet) {
  const { form } = sheet;
  if (!form.classList.contains("reviewing")) return;
  form.classList.remove("reviewing");
  one("#review", form).hidden = true;
  [".back", ".hand-in"].forEach((name) => { one(name, form).hidden = true; });
  showStop(sheet);
}
