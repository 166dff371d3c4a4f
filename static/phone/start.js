// What a script adds to the phone's pages: everything also works without it.

let sheet = null;

function start() {
  prepareTools();
  const form = one("#ballot");
  sheet = form ? sheetOf(form) : null;
  if (!form) return;
  all(".plain-only", form).forEach((it) => { it.hidden = true; });
  all(".whole input:checked", form).forEach((whole) => {
    tickWhole(sheet, whole.closest(".unit"));
    takeUp(sheet, whole.closest(".unit"), false);
  });
  sheet.units.filter((unit) => isTouched(sheet.cards.get(unit))).forEach((unit) => showState(sheet, unit));
  prepareSearch(form);
  prepareSending(sheet);
  showProgress(sheet);
  if (typeof prepareWalk === "function") prepareWalk(sheet); // only with a form of all units
  restoreDraft(sheet);
  prepareToken(sheet);
  showQuestions(form);
  listen(sheet);
}

function listen(mine) {
  const { form } = mine;
  let timer = 0;
  const filled = () => {
    holdBack(mine);
    if (isSecret(form)) { putAsideSoon(form); return; }
    clearTimeout(timer);
    timer = setTimeout(() => { if (keepDraft(form)) sayKept(mine); }, LOCAL_PAUSE);
  };
  form.addEventListener("change", (event) => { changed(mine, event.target); filled(); });
  form.addEventListener("input", filled);
  form.addEventListener("filled", filled);
  form.addEventListener("click", (event) => goToFault(mine, event));
}

// Once for the whole life of the page, whatever stands on it by then.
addEventListener("hashchange", () => {
  if (sheet && isSecret(sheet.form)) takeFromAddress(sheet);
  // Another slip opened in the same page after handing in: it begins anew.
  else if (!sheet && location.hash.length > 20) location.reload();
});
addEventListener("online", () => {
  if (sheet && again.timer) sendAgain(sheet, 0);
});
document.addEventListener("visibilitychange", () => {
  if (!sheet || document.visibilityState !== "hidden") return;
  // Only what is not there yet: another phone may have gone on with the same code meanwhile.
  if (isSecret(sheet.form)) { if (openSince || isUnderWay) putAside(sheet.form, true); }
  else keepDraft(sheet.form);
});

start();
