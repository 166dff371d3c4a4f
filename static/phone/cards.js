// What a script adds to the questionnaire: everything also works without it.
(() => {
  "use strict";

  const all = (selector, within) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);

  // --- one unit's card ---------------------------------------------------------------------------

  const items = (unit) => all(".item", unit);
  const isAnswered = (item) => one(":checked", item) !== null;
  const openItems = (unit) => items(unit).filter((item) => !isAnswered(item)).length;
  const isTouched = (unit) => openItems(unit) < items(unit).length;

  function showState(form, unit) {
    const summary = one("summary", unit);
    let state = one(".state", summary);
    if (!state) {
      state = document.createElement("span");
      state.className = "state";
      summary.append(state);
    }
    const missing = openItems(unit);
    state.classList.toggle("full", missing === 0);
    state.textContent = !isTouched(unit) ? ""
      : missing === 0 ? "✓ " + form.dataset.rated
        : form.dataset.missing.replace("#", missing);
    if (isTouched(unit) && !form.classList.contains("all") && !one(".clear", unit)) addClear(form, unit);
  }

  function addClear(form, unit) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button clear";
    button.textContent = form.dataset.clear;
    button.addEventListener("click", () => {
      all("input", unit).forEach((input) => { input.checked = false; });
      button.remove();
      showState(form, unit);
      showProgress(form);
      one("summary", unit).focus();
    });
    unit.append(button);
  }

  // "I do not know this unit" answers what is still open; unticking takes those answers back.
  function tickWhole(form, unit, whole) {
    const unscored = `[value="${form.dataset.unscored}"]`;
    items(unit).forEach((item) => {
      const option = one(unscored, item);
      if (whole.checked ? !isAnswered(item) : true) option.checked = whole.checked;
    });
  }

  function changed(form, target) {
    const unit = target.closest(".unit");
    if (unit && target.type !== "textarea") {
      const whole = one(".whole input", unit);
      if (target === whole) tickWhole(form, unit, whole);
      else if (target.type === "radio" && target.value !== form.dataset.unscored) whole.checked = false;
      mend(target.closest(".item"));
      showState(form, unit);
      showProgress(form);
    }
    if (target.name.startsWith("q.")) showQuestions(form);
  }

  function mend(item) {
    if (!item) return;
    item.classList.remove("field-wrong");
    item.removeAttribute("aria-invalid");
    const error = one(".error", item);
    if (error) error.remove();
  }

  // --- the whole form ----------------------------------------------------------------------------

  function showProgress(form) {
    const units = all(".unit", form);
    const done = units.filter((unit) => openItems(unit) === 0).length;
    const words = form.dataset.count.replace("##", units.length).replace("#", done);
    const strip = one(".progress", form);
    if (strip) {
      strip.hidden = false;
      one("progress", strip).value = done;
      one(".count", strip).textContent = words;
      one(".next", strip).hidden = done === units.length;
    }
    const count = one(".bar .count", form);
    count.classList.remove("error");
    count.textContent = strip || done === 0 ? "" : words;
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

  function goToNext(form) {
    const units = all(".unit", form).filter((unit) => openItems(unit) > 0);
    const below = units.find((unit) => unit.getBoundingClientRect().top > 90);
    const unit = below || units[0];
    if (!unit) return;
    unit.open = true;
    unit.scrollIntoView();
    one("summary", unit).focus({ preventScroll: true });
  }

  function prepareSearch(form) {
    const box = one(".search", form);
    if (!box) return;
    box.hidden = false;
    const input = one("input", box);
    input.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      let found = 0;
      all("section", form).forEach((section) => {
        const isClass = one("h3", section).textContent.toLowerCase().includes(wanted);
        const units = all(".unit", section);
        units.forEach((unit) => {
          unit.hidden = !isClass && !one("summary", unit).textContent.toLowerCase().includes(wanted);
          if (!unit.hidden) found += 1;
        });
        section.hidden = units.every((unit) => unit.hidden);
      });
      one("#found").textContent = wanted ? form.dataset.found.replace("#", found) : "";
    });
  }

  // --- the one-time code -------------------------------------------------------------------------

  async function checkToken(form, field) {
    const said = one("#token-said");
    if (!field.value.trim()) { said.hidden = true; return; }
    try {
      const answer = await fetch(form.getAttribute("action") + "/token", {
        method: "POST",
        headers: { Accept: "application/json" },
        body: new URLSearchParams({ token: field.value }),
      });
      const problem = answer.ok ? null : await answer.json();
      said.className = answer.ok ? "good" : "error";
      said.textContent = answer.ok ? "✓ " + form.dataset.tokenGood : problem.title + " " + problem.detail;
      said.hidden = false;
    } catch {
      said.hidden = true; // The ballot itself will tell.
    }
  }

  function prepareToken(form) {
    const field = one("#token", form);
    if (!field) return;
    const fromAddress = () => {
      const found = /^#([0-9A-Za-z-]{20,})$/.exec(location.hash);
      if (!found) return;
      // Another slip opened in the same page after handing in: it begins anew.
      if (!form.isConnected) { location.reload(); return; }
      field.value = found[1];
      // Out of the address bar and the history: who looks at the phone later shall not find it.
      history.replaceState(null, "", location.pathname + location.search);
      checkToken(form, field);
    };
    field.addEventListener("change", () => checkToken(form, field));
    addEventListener("hashchange", fromAddress);
    fromAddress();
  }

  // --- sending -----------------------------------------------------------------------------------

  const PATIENCE = 30000;

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
      return page;
    } finally {
      clearTimeout(timer);
    }
  }

  function show(page) {
    document.title = page.title;
    document.documentElement.lang = page.documentElement.lang;
    document.body.replaceWith(document.adoptNode(page.body));
    scrollTo(0, 0);
    start();
    const first = one("#errors") || one("h1");
    first.tabIndex = -1;
    first.focus();
  }

  function prepareSending(form) {
    const button = one(".bar .button", form);
    const count = one(".bar .count", form);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (button.disabled) return;
      button.disabled = true;
      count.classList.remove("error");
      count.textContent = form.dataset.sending;
      try {
        show(await send(form, form.getAttribute("action") + location.search, []));
      } catch {
        count.classList.add("error");
        count.textContent = form.dataset.unsent;
        button.disabled = false;
      }
    });
    const language = one(".language");
    language.addEventListener("click", async (event) => {
      event.preventDefault();
      const address = location.pathname + language.getAttribute("href");
      try {
        show(await send(form, address, [["switch", "1"]]));
        history.replaceState(null, "", address);
      } catch {
        count.classList.add("error");
        count.textContent = form.dataset.unsent;
      }
    });
  }

  function start() {
    const form = one("#ballot");
    if (!form) return;
    form.addEventListener("change", (event) => changed(form, event.target));
    all(".whole input:checked", form).forEach((whole) => tickWhole(form, whole.closest(".unit"), whole));
    all(".unit", form).filter(isTouched).forEach((unit) => showState(form, unit));
    const next = one(".next", form);
    if (next) next.addEventListener("click", () => goToNext(form));
    prepareSearch(form);
    prepareToken(form);
    prepareSending(form);
    showQuestions(form);
    showProgress(form);
  }

  start();
})();
