// Larger letters, and reading aloud.

const SIZES = ["", "20", "24", "30"];
const YEAR = 365 * 24 * 3600;

// The size changes at once; the cookie tells the next page, and the form's address the next answer.
function changeSize(kind) {
  const root = document.documentElement;
  const place = SIZES.indexOf(root.dataset.text || "");
  const size = kind === "larger" ? SIZES[Math.min(place + 1, SIZES.length - 1)] : "";
  if (size) root.dataset.text = size;
  else delete root.dataset.text;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `text=${size || "normal"}; path=/; max-age=${YEAR}; SameSite=Lax${secure}`;
  const form = one("#ballot");
  if (form) form.action = withSize(form.action, size || "normal");
}

function withSize(address, size) {
  const found = new URL(address, location.href);
  found.searchParams.set("text", size);
  if (!found.searchParams.has("lang")) found.searchParams.set("lang", languageCode());
  return found.pathname + found.search;
}

function languageCode() {
  return document.documentElement.lang.replace("zh-CN", "zh");
}

function prepareTools() {
  const tools = one(".tools");
  if (!tools) return;
  all("[data-size]", tools).forEach((button) => { button.hidden = false; });
  tools.addEventListener("click", (event) => {
    const button = event.target.closest("[data-size]");
    if (!button) return;
    event.preventDefault();
    changeSize(button.dataset.size);
  });
  prepareVoice(one("[data-speak]", tools));
}

// --- reading aloud -------------------------------------------------------------------------------

// Shown only where the browser can speak; some in-app browsers cannot.
function prepareVoice(button) {
  if (!button || !window.speechSynthesis || !window.SpeechSynthesisUtterance) return;
  const words = button.textContent;
  const rest = () => { button.textContent = words; button.removeAttribute("aria-pressed"); };
  button.hidden = false;
  button.addEventListener("click", () => {
    const isSpeaking = button.hasAttribute("aria-pressed");
    speechSynthesis.cancel();
    rest();
    if (isSpeaking) return;
    button.textContent = button.dataset.stop;
    button.setAttribute("aria-pressed", "true");
    const spoken = wordsToRead();
    spoken.forEach((line, index) => {
      const voice = new SpeechSynthesisUtterance(line);
      voice.lang = document.documentElement.lang;
      voice.rate = 0.9;
      if (index === spoken.length - 1) voice.onend = rest;
      speechSynthesis.speak(voice);
    });
  });
}

// The card in view, else the page from its head; by the sentence, since long texts are cut short.
function wordsToRead() {
  const parts = all("h1, .lead p, .notice p, #errors h2, #errors li, .unit[open], .card", one("main"));
  const isSeen = (part) => part.offsetParent !== null && part.getBoundingClientRect().bottom > 120;
  const first = parts.find(isSeen);
  if (!first) return [one("h1").textContent];
  if (!first.classList.contains("unit")) {
    const seen = parts.filter((part) => isSeen(part) && !part.classList.contains("unit"));
    return seen.map((part) => part.innerText.trim()).filter(Boolean);
  }
  const lines = itemsOf(first).map((item) => {
    const options = all("label", item).map((label) => label.textContent.trim());
    return [one("legend", item).textContent, ...options].join("，");
  });
  return [one("summary span", first).textContent, ...lines];
}
