// Small comforts of the console; every page works without them.
"use strict";

// Copy an address: <button data-copy="…" data-done="copied">.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.textContent = button.dataset.done;
});

// Buttons that need a script are hidden until there is one.
for (const button of document.querySelectorAll("[data-copy], [data-show], [data-filter]")) {
  button.hidden = false;
}

// Filter the rows of a table while typing: <input data-filter="table-id">.
document.addEventListener("input", (event) => {
  const wanted = event.target.dataset.filter;
  if (!wanted) return;
  const words = event.target.value.trim().toLowerCase();
  for (const row of document.getElementById(wanted).tBodies[0].rows) {
    row.hidden = !row.textContent.toLowerCase().includes(words);
  }
});

// Show passwords while typing: <button type="button" data-show="input ids" data-other="hide">.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-show]");
  if (!button) return;
  for (const id of button.dataset.show.split(" ")) {
    const input = document.getElementById(id);
    input.type = input.type === "password" ? "text" : "password";
  }
  [button.textContent, button.dataset.other] = [button.dataset.other, button.textContent];
});

// A form whose answer is a download leaves this page standing: prevent a second press, say what to do.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", () => {
    setTimeout(() => {
      for (const button of form.querySelectorAll("button[type=submit]")) button.disabled = true;
      form.querySelector("[data-afterwards]").hidden = false;
    });
  });
}

// On a phone the places of a round are a row that scrolls: bring the present one into view.
const roundPlaces = document.querySelector(".round-nav ul");
const presentPlace = roundPlaces?.querySelector("[aria-current]");
if (presentPlace) {
  const middle = (roundPlaces.clientWidth - presentPlace.clientWidth) / 2;
  roundPlaces.scrollLeft = presentPlace.offsetLeft - roundPlaces.offsetLeft - middle;
}

// Follow a task without reloading the page: <span data-job="…/progress.json"> around a <progress>.
async function follow(place) {
  const bar = place.querySelector("progress");
  const words = place.querySelector(".progress-words");
  const state = place.closest("tr, dl").querySelector(".badge");
  for (let pause = 1000; ; pause = Math.min(pause * 1.2, 5000)) {
    await new Promise((done) => setTimeout(done, pause));
    const answer = await fetch(place.dataset.job, { headers: { Accept: "application/json" } })
      .catch(() => null);
    if (!answer) continue; // the network comes back
    if (!answer.ok || answer.redirected) return;
    const told = await answer.json();
    if (!told.is_moving) return location.reload();
    words.textContent = told.progress;
    state.textContent = told.words;
    state.classList.toggle("badge-accent", told.state === "running");
    if (told.total) [bar.max, bar.value] = [told.total, told.done];
  }
}

for (const place of document.querySelectorAll("[data-job]")) follow(place);

// Sort a table by a column: <table data-sortable>, cells may carry data-sort.
function sortBy(table, index, ascending) {
  const value = (row) => row.cells[index].dataset.sort ?? row.cells[index].textContent.trim();
  const body = table.tBodies[0];
  const rows = [...body.rows].sort((one, other) =>
    value(one).localeCompare(value(other), "zh", { numeric: true }) * (ascending ? 1 : -1));
  body.append(...rows);
}

for (const table of document.querySelectorAll("table[data-sortable]")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, index) => {
    if (!head.textContent.trim()) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const ascending = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      sortBy(table, index, ascending);
    });
  });
}

// Choose a file in the page's language (the browser's own button speaks its own), and show where
// a dragged file will fall.
for (const drop of document.querySelectorAll(".file-drop")) {
  const input = drop.querySelector("input[type=file]");
  const chosen = drop.querySelector(".chosen-file");
  const tell = () => {
    chosen.querySelector("span").textContent = input.files.length
      ? input.files[0].name : chosen.dataset.none;
  };
  input.classList.add("visually-hidden");
  input.addEventListener("change", tell);
  chosen.hidden = false;
  tell();
  for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.add("is-over");
    });
  }
  drop.addEventListener("dragleave", () => drop.classList.remove("is-over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("is-over");
    input.files = event.dataTransfer.files;
    tell();
  });
}
