// Figures that keep up with a running round; the page says them once without this script.
"use strict";

const EVERY_SECONDS = 5;
const board = document.querySelector("[data-counts]");
const places = document.querySelectorAll("[data-count]");
const figures = new Intl.NumberFormat("en");

// Find "groups.npc.received" in what the server said; where it says nothing, nothing has come.
function at(counts, path) {
  return path.split("/").reduce((part, name) => part?.[name], counts);
}

function show(counts) {
  for (const place of places) {
    const value = at(counts, place.dataset.count);
    place.textContent = figures.format(value ?? 0);
  }
  for (const bar of document.querySelectorAll("[data-share]")) {
    const share = at(counts, bar.dataset.share);
    if (share === undefined || share === null) continue;
    bar.querySelector("progress").value = Math.min(100, share * 100);
    bar.querySelector("span").textContent = `${(share * 100).toFixed(1)} %`;
  }
  const waiting = document.querySelector("[data-waiting]");
  if (waiting) waiting.hidden = !counts.waiting;
}

async function ask() {
  if (document.hidden) return;
  try {
    const answer = await fetch(board.dataset.counts, { headers: { Accept: "application/json" }, redirect: "error" });
    if (answer.ok) show(await answer.json());
  } catch {
    // The next time, or when the page is loaded again.
  }
}

if (board) {
  ask();
  setInterval(ask, EVERY_SECONDS * 1000);
}
