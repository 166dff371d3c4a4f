// A little work before the ballot is handed in, where the round asks for it: nobody notices it.

const WORK_WAIT = 1500; // ms after loading: first the page itself
const WORK_SLICE = 12; // ms at a time, so that the page stays smooth
const WORK_PATIENCE = 20000; // ms that handing in waits at most; then it goes without

// SHA-256 (FIPS 180-4) in plain script: browsers offer theirs on https only.
const workPrimes = [];
for (let n = 2; workPrimes.length < 64; n += 1) {
  if (workPrimes.every((prime) => n % prime)) workPrimes.push(n);
}
const workBits = (root) => ((root - Math.floor(root)) * 4294967296) | 0;
const workStart = workPrimes.slice(0, 8).map((prime) => workBits(Math.sqrt(prime)));
const workRounds = Int32Array.from(workPrimes.map((prime) => workBits(Math.cbrt(prime))));
const workWords = new Int32Array(64);

function workBlock(state) {
  const w = workWords;
  for (let i = 16; i < 64; i += 1) {
    const x = w[i - 15];
    const y = w[i - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
  }
  let a = state[0], b = state[1], c = state[2], d = state[3];
  let e = state[4], f = state[5], g = state[6], h = state[7];
  for (let i = 0; i < 64; i += 1) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + workRounds[i] + w[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + t1) | 0;
    d = c; c = b; b = a; a = (t1 + t2) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => { state[i] = (state[i] + word) | 0; });
}

// The eight words of the digest of a text of ASCII signs.
function workDigest(text) {
  const state = workStart.slice();
  const size = ((text.length + 72) >> 6) << 6;
  for (let block = 0; block < size; block += 64) {
    workWords.fill(0, 0, 16);
    for (let i = block; i < block + 64 && i <= text.length; i += 1) {
      const sign = i < text.length ? text.charCodeAt(i) : 128;
      workWords[(i >> 2) & 15] |= sign << (24 - 8 * (i & 3));
    }
    if (block + 64 === size) workWords[15] = 8 * text.length;
    workBlock(state);
  }
  return state;
}

// By nonce, so that a page that is shown again need not begin anew.
const workUnderWay = {};

function workFor(nonce, bits) {
  if (!workUnderWay[nonce]) {
    workUnderWay[nonce] = new Promise((done) => {
      let counter = 0;
      const slice = () => {
        const until = performance.now() + WORK_SLICE;
        while (performance.now() < until) {
          for (const end = counter + 8; counter < end; counter += 1) {
            if (workDigest(nonce + "." + counter)[0] >>> (32 - bits) === 0) return done(counter);
          }
        }
        setTimeout(slice);
      };
      slice();
    });
  }
  return workUnderWay[nonce];
}

// A promise that is kept when the form holds its proof, or when that has taken too long.
function whenWorked(form) {
  const bits = Number(form.dataset.work);
  if (!bits) return Promise.resolve();
  const work = workFor(form.elements.nonce.value, bits).then((counter) => {
    if (form.elements.work) return;
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = "work";
    field.value = counter;
    form.appendChild(field);
  });
  return Promise.race([work, new Promise((done) => setTimeout(done, WORK_PATIENCE))]);
}

setTimeout(() => {
  const form = document.getElementById("ballot");
  if (form) whenWorked(form);
}, WORK_WAIT);
