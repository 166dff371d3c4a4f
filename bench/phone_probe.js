// Runs in a page before everything else: when it was painted, when it could be used, what a tap costs.

const bench = { longTasks: [] };
window.bench = bench;

new PerformanceObserver((list) => {
  list.getEntries().forEach((entry) => bench.longTasks.push(entry.duration));
}).observe({ type: "longtask", buffered: true });

// Two frames on, what had been changed before is painted.
bench.painted = () => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
});

// A tap as soon as the page's own scripts have run: when it is seen.
document.addEventListener("DOMContentLoaded", () => {
  setTimeout(async () => {
    const option = document.querySelector("main .unit[open] input[type=radio], form section input[type=radio]");
    const closed = document.querySelector("main .unit > summary");
    if (option || closed) (option || closed).click();
    bench.usable = await bench.painted();
  });
});

bench.load = () => {
  const [navigation] = performance.getEntriesByType("navigation");
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  return {
    paint: paint ? paint.startTime : null,
    content: navigation.domContentLoadedEventEnd,
    usable: bench.usable,
    blocked: bench.longTasks.reduce((sum, one) => sum + Math.max(0, one - 50), 0),
  };
};

// Choose an option for so many items, one after the other, in the middle of the form and at its ends.
bench.taps = async (count) => {
  const names = [...new Set([...document.querySelectorAll("form input[type=radio]")].map((it) => it.name))];
  const step = Math.max(1, Math.floor(names.length / count));
  const took = [];
  for (let number = 0; number < count; number += 1) {
    const inputs = document.getElementsByName(names[(number * step) % names.length]);
    inputs[number % 5].scrollIntoView({ block: "center" });
    await bench.painted();
    took.push(await bench.tap(inputs[number % 5]));
  }
  return took;
};

// `work` is until the page's own scripts are done, `seen` until the change is painted.
bench.tap = async (place) => {
  const begun = performance.now();
  place.click();
  const worked = performance.now();
  return { work: worked - begun, seen: (await bench.painted()) - begun };
};

// One card at a time: every item of a card, then on to the next one.
bench.walk = async (cards) => {
  const taps = [];
  const turns = [];
  for (let number = 0; number < cards; number += 1) {
    turns.push(await bench.tap(document.querySelector(".bar .after")));
    for (const item of document.querySelectorAll(".unit.here .item")) {
      taps.push(await bench.tap(item.querySelectorAll("input")[number % 5]));
    }
  }
  return { taps, turns };
};

// Scroll through the whole page as a thumb flings it: half a window each frame.
bench.scroll = async (most) => {
  bench.longTasks.length = 0;
  scrollTo(0, 0);
  await bench.painted();
  const gaps = [];
  let before = performance.now();
  const end = () => scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
  while (!end() && gaps.length < most) {
    scrollBy({ top: innerHeight / 2, behavior: "instant" });
    await new Promise((done) => requestAnimationFrame(done));
    const now = performance.now();
    gaps.push(now - before);
    before = now;
  }
  await bench.painted();
  return { gaps, long: bench.longTasks.slice() };
};
