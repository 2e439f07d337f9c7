/* The live laboratory of exercise 4.6: a 1-D GAN, trained in the page in place of what
   stands in <div class="laboratory">, with lab.html and the data of lab/plot_live.py. A state is
   [θ, φ₀, φ₁], rates are [η_G, η_D]; x are genuine points, z noise values. */

const { abs, ceil, exp, floor, hypot, log, log10, log1p, log2, max, min, sqrt } = Math;

// --- Mathematics, as in scripts/gan_training: model.py, theory.py, lab/measure.py ---

const NAMES = ["monotone", "spiral", "flip", "no convergence", "runaway"];
const [MONOTONE, SPIRAL, FLIP, NO_CONVERGENCE, RUNAWAY] = NAMES.keys();
const YET = "not settled yet";
const SWING = "cycle of period two";
const LOGS = ["generator", "discriminator", "spread"]; // sliders
const LONGEST = 2e4; // states of a run
const sigmoid = (t) => 1 / (1 + exp(-t));
const softplus = (t) => max(t, 0) + log1p(exp(-abs(t)));
const average = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const square = (value) => value * value;
const variance = (values) => {
  const mean = average(values);
  return average(values.map((value) => square(value - mean)));
};

/* One update on as many noise values as genuine points. */
function update([theta, intercept, slope], x, z, [rateG, rateD], alternating) {
  const y = z.map((value) => value + theta);
  const doubt = x.map((value) => sigmoid(-intercept - slope * value));
  const belief = y.map((value) => sigmoid(intercept + slope * value));
  const tilt = average(belief.map((share, k) => share * y[k] - doubt[k] * x[k]));
  const next = [intercept - rateD * (average(belief) - average(doubt)), slope - rateD * tilt];
  const [seen, steep] = alternating ? next : [intercept, slope];
  const push = average(y.map((value) => sigmoid(-seen - steep * value)));
  return [theta + rateG * steep * push, ...next];
}

/* L_D and L_G of a state on all data. */
function losses([theta, intercept, slope], x, z) {
  const fake = z.map((value) => intercept + slope * (value + theta));
  const missed = average(x.map((value) => softplus(-intercept - slope * value)));
  return [missed + average(fake.map(softplus)), average(fake.map((a) => softplus(-a)))];
}

const distance = (state, other) => hypot(...state.map((value, k) => value - other[k]));

/* θ*, and the mean and the mean square of the points at the equilibrium: the entries of M. */
function moments(x, z) {
  const mean = average(x), rest = mean - average(z);
  return { rest, mean, second: square(mean) + (variance(x) + variance(z)) / 2 };
}

/* Roots [re, im] of t³ + bt² + ct + d (of a pair, one): an outer one by Newton's method, which is
   monotone there, the others by a stable deflation. */
function roots(b, c, d) {
  const value = (t) => ((t + b) * t + c) * t + d;
  const way = value(-b / 3) < 0 ? -1 : 1;
  let next = way < 0 ? 0 : -1 - b, t;
  do {
    t = next;
    next = t - value(t) / ((3 * t + 2 * b) * t + c);
  } while (way * next > way * t);
  let p = t + b, q = p * t + c;
  if (square(t) * abs(t) > d) {
    q = -d / t;
    p = (q - c) / t;
  }
  const half = -p / 2, inside = half * half - q, root = sqrt(abs(inside));
  if (inside < 0) return [[half, root], [t, 0]];
  const far = half < 0 ? half - root : half + root;
  return [[t, 0], [far, 0], [far && q / far, 0]];
}

/* The eigenvalue λ of U of largest modulus, the modulus, and the class that it predicts.
   χ of @lem-gan-lab-characteristic is solved for λ − 1, so that small rates lose no digits. */
function predict({ mean, second }, [rateG, rateD], alternating) {
  const a = rateD / 2, k = rateG * a / 2, again = alternating ? k : 0;
  const c = square(a) * (second - square(mean)) + k + again * a;
  const values = roots(a * (1 + second) + again, c, k * a).map(([re, im]) => [1 + re, im]);
  const sizes = values.map((value) => hypot(...value)), radius = max(...sizes);
  const lead = values.find((_, k) => sizes[k] >= radius * (1 - 1e-12));
  const kind = lead[1] ? SPIRAL : lead[0] > 0 ? MONOTONE : FLIP;
  return { lead, radius, kind: radius < 1 ? kind : NO_CONVERGENCE };
}

/* The η_G below which alternating updates are stable (@thm-gan-lab-region); 0 if none is. */
function limit({ mean, second }, rateD) {
  const left = 1 - rateD * (1 + second) / 4 + square(rateD) * (second - square(mean)) / 16;
  return rateD < 4 && left > 0 ? 64 * left / (rateD * (4 - rateD)) : 0;
}

const product = (A, B) =>
  A.map((row) => B[0].map((_, j) => row.reduce((sum, entry, k) => sum + entry * B[k][j], 0)));
const kronecker = (A, B) =>
  A.flatMap((rowA) => B.map((rowB) => rowA.flatMap((a) => rowB.map((b) => a * b))));

/* Standard deviation of θ by the linear law for single examples; infinite if none is stationary.
   Each square doubles the terms of the series (last column) that solves Σ = E[UΣUᵀ] + 2v qqᵀ. */
function noise(x, z, [rateG, rateD], alternating) {
  const { rest, mean, second } = moments(x, z), a = -rateD / 2;
  const pull = alternating ? rateG / 2 : 0, last = [a, a * mean, 1 + a * second];
  const first = last.map((entry, k) => pull * entry + [1, 0, rateG / 2 - pull][k]);
  const U = [first, [0, 1 + a, a * mean], last];
  const power = kronecker(U, U);
  for (const points of [x, z.map((value) => value + rest)]) {
    const center = average(points), squares = average(points.map(square));
    for (const point of points) {
      const tilt = a / 2 * (point - center), row = [0, tilt, a / 2 * (square(point) - squares)];
      const shift = [row.map((entry) => pull * entry), [0, 0, tilt], row];
      kronecker(shift, shift).forEach((line, j) => line.forEach((entry, k) => {
        power[j][k] += entry / points.length;
      }));
    }
  }
  const q = [pull * a, 0, a], both = variance(x) + variance(z);
  const kicks = q.flatMap((one) => q.map((other) => both * one * other));
  let series = [...power.map((row, k) => [...row, kicks[k]]), [...Array(9).fill(0), 1]];
  for (let k = 0; k < 60 && series[0][9] < 1e30; k++) {
    const before = series[0][9];
    series = product(series, series);
    if (series[0][9] === before) return sqrt(before);
  }
  return Infinity;
}

/* What a run did, from its states alone: class, and log ρ per update (NaN: not seen). */
function observe(states, rest, { outer, target, floor, bound }) {
  const sizes = states.map((state) => distance(state, [rest, 0, 0])), count = sizes.length;
  if (!sizes.every((size) => size <= bound)) return [RUNAWAY, NaN];
  const first = sizes.findLastIndex((size) => size > outer) + 1;
  let last = first;
  while (last < count && sizes[last] >= floor) last++;
  if (last === count && (first === count || sizes[count - 1] > target)) {
    return [NO_CONVERGENCE, NaN];
  }
  const middle = max(first, min((first + last) >> 1, last - 3)), late = sizes.slice(middle, last);
  const [most] = [0, 1, 2].map((k) => {
    const off = states.slice(middle, last).map((state) => state[k] - [rest, 0, 0][k]);
    const changes = off.filter((value, n) => n && value > 0 !== off[n - 1] > 0).length;
    return { changes, share: off.reduce((sum, value, n) => sum + square(value / late[n]), 0) };
  }).sort((one, other) => other.share - one.share);
  const kind = !most.changes ? MONOTONE : most.changes === late.length - 1 ? FLIP : SPIRAL;
  return [kind, fitted(late.map(log))];
}

/* Slope of values against 0, 1, 2, …; the middle weighs most. */
function fitted(values) {
  let above = 0, below = 0;
  values.forEach((value, i) => {
    const time = i - (values.length - 1) / 2;
    const weight = square(1 - square(2 * time / values.length)) * time;
    above += weight * value;
    below += weight * time;
  });
  return above / below;
}

/* Random numbers in [0, 1) from a seed: the generator of "Numerical Recipes". */
const random = (seed) => () => {
  seed = (1664525 * seed + 1013904223) % 2 ** 32;
  return seed / 2 ** 32;
};

// --- Drawings ---

const HEIGHT = 240, LEFT = 58, TOP = 22, BOTTOM = 38;
const shown = (value, digits = 4) => {
  const near = +value.toPrecision(digits), size = abs(near);
  const long = size && (size < 1e-3 || size >= 1e5);
  return isFinite(near) ? String(long ? near.toExponential() : near).replaceAll("-", "−") : "–";
};
const rounded = (value) => +value.toPrecision(3);
const text = (x, y, anchor, words) =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}">${words}</text>`;

/* The linear function that takes a to c and b to d. */
const linear = ([a, b], [c, d]) => (value) => c + (value - a) / (b - a) * (d - c);

/* Scales and axes of a drawing; where `logs`, the numbers are powers of ten. */
function axes(width, xs, ys, xName, yName, logs) {
  const right = width - 10, bottom = HEIGHT - BOTTOM, across = [LEFT, right], up = [bottom, TOP];
  const X = linear(xs, across), Y = linear(ys, up);
  const html = `<path class="axis" d="M${LEFT} ${TOP}V${bottom}H${right}"/>`
    + text(2, 13, "start", yName) + text(right, HEIGHT - 4, "end", xName)
    + ticks(xs, logs, (value, words) => `<path class="axis" d="M${X(value)} ${bottom}v4"/>`
      + text(X(value), bottom + 16, "middle", words))
    + ticks(ys, logs, (value, words) => `<path class="axis" d="M${LEFT} ${Y(value)}h-4"/>`
      + text(LEFT - 6, Y(value) + 4, "end", words));
  return { X, Y, backX: linear(across, xs), backY: linear(up, ys), html };
}

function ticks([low, high], logs, draw) {
  const size = 10 ** floor(log10((high - low) / 2));
  const step = logs ? 1 : size * [5, 2, 1].find((n) => high - low >= 2 * n * size);
  let html = "";
  for (let k = ceil(low / step); k * step <= high; k++) {
    html += draw(k * step, shown(logs ? 10 ** k : k * step, 2));
  }
  return html;
}

const line = (look, points) => `<path class="line ${look}" d="${points
  .filter((pair) => pair.every(isFinite))
  .map(([x, y], k) => `${k ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("")}h0"/>`;

/* The least and the largest of each `width` values: nothing that they do is lost. */
function outline(values, width) {
  const points = [];
  for (let n = 0; n < values.length; n += width) {
    const column = values.slice(n, n + width);
    points.push([n, min(...column)], [n, max(...column)]);
  }
  return points;
}

/* From the least to the largest value and 0, with some room. */
function around(values) {
  const low = min(0, ...values), high = max(0, ...values);
  const room = 0.08 * (high - low) || 1e-4;
  return [low - room, high + room];
}

// --- The laboratory ---

const box = document.querySelector("div.laboratory");
const given = JSON.parse(box.querySelector("script").textContent);
const [form, fixed] = box.querySelector("template").content.children;
const fields = form.elements, find = (what) => form.querySelector(what);
const phase = find(".phase"), dot = find(".dot");
const runs = form.querySelectorAll("[name=run]");
const { sliders } = given, limits = [sliders.generator, sliders.discriminator];
const pause = matchMedia("(prefers-reduced-motion: reduce)").matches ? 1000 : 100;
const at = { ...given.settings, alternating: 1, single: 0, near: 0 };
const rates = () => [at.generator, at.discriminator];
const now = () => states.at(-1);
let x, z, theory, predicted, frame, draw, states, seen, charted, scale, timer;

/* With other settings, or after a reset, the run begins again. */
function change(settings, aloud) {
  Object.assign(at, settings);
  x = given.real.map((value) => at.mean + at.spread * value);
  z = given.noise.map((value) => at.spread * value);
  theory = moments(x, z);
  predicted = predict(theory, rates(), at.alternating);
  frame = given.windows[at.near];
  draw = random(at.seed);
  const d = given.near;
  states = [at.near ? [theory.rest + d, d, d] : given.start];
  seen = [losses(now(), x, z)];
  show(aloud);
}

/* The check gan_training.bounded, but finer: a slow flip, too, changes little in two. */
function swings() {
  const moved = (k, steps) => distance(states.at(-1 - k), states.at(-1 - k - steps));
  return states.length > 9
    && states.slice(-8).every((_, k) => moved(k, 2) <= 1e-5 * moved(k, 1));
}

const size = () => distance(now(), [theory.rest, 0, 0]), away = () => !(size() < frame.bound);

/* Long, far away, settled, or in a swing. */
function over() {
  if (states.length >= LONGEST || away()) return true;
  return !at.single && (predicted.radius < 1 && size() < frame.floor || swings());
}

/* One update; false if the run is over. */
function step() {
  if (over()) return false;
  const pick = (values) => at.single ? [values[floor(draw() * values.length)]] : values;
  states.push(update(now(), pick(x), pick(z), rates(), at.alternating));
  seen.push(losses(now(), x, z));
  return true;
}

/* Class, ρ and deviation of the run. */
function measured() {
  const late = states.slice(states.length / 2).map(([theta]) => theta);
  if (at.single && (away() || late.length < 100)) return [away() ? NAMES[RUNAWAY] : YET, NaN, NaN];
  if (at.single) return ["noisy", NaN, sqrt(variance(late))];
  const [kind, rate] = observe(states, theory.rest, frame);
  const fails = kind === NO_CONVERGENCE, waits = fails && states.length <= given.epochs;
  return [fails && swings() ? SWING : waits ? YET : NAMES[kind], exp(rate), NaN];
}

/* What is predicted and measured; `aloud`: to screen readers. */
function tell(aloud) {
  const { kind, lead, radius } = predicted;
  const [name, rate, deviation] = measured(), [theta, , slope] = now();
  const law = at.single ? noise(x, z, rates(), at.alternating) : NaN;
  const most = limit(theory, at.discriminator);
  const words = [
    states.length - 1, shown(theta), shown(theory.rest), shown(slope), name,
    shown(lead[0]) + (lead[1] ? ` ± ${shown(abs(lead[1]))} i` : ""),
    most > 0 ? shown(most, 3) : "0, so never", NAMES[kind], name, shown(radius), shown(rate),
    law === Infinity ? "unbounded" : shown(law, 2), shown(deviation, 2),
  ];
  form.querySelectorAll(".summary b, .eigenvalue, .limit, td").forEach((part, k) => {
    part.textContent = words[k];
  });
  const reason = kind === NO_CONVERGENCE && lead[1] ? 4 : kind;
  form.querySelectorAll(".why span").forEach((part, k) => { part.hidden = k !== reason; });
  find(".noise").hidden = !at.single;
  find(".limit").parentNode.hidden = !at.alternating;
  find(".summary span").hidden = !over();
  if (aloud) find(".heard").textContent = find(".summary").innerText;
}

/* The class that is predicted at each pair of rates, and the places of the runs. */
function chart() {
  const fills = ["", "", "", ""], right = phase.clientWidth - 10;
  const shows = [right, at.mean, at.spread, at.alternating].join();
  if (shows === charted) return;
  charted = shows;
  scale = axes(right + 10, ...limits, "generator’s rate", "discriminator’s rate", true);
  for (let y = TOP; y < HEIGHT - BOTTOM; y += 2) {
    const rateD = 10 ** scale.backY(y + 1);
    let here, start;
    for (let x = LEFT; x < right + 2; x += 2) {
      const { kind } = x < right
        ? predict(theory, [10 ** scale.backX(x + 1), rateD], at.alternating) : {};
      if (kind === here) continue;
      if (start) fills[here] += `M${start} ${y}H${x}v2H${start}z`;
      [here, start] = [kind, x];
    }
  }
  const places = given.pairs.map(([g, d]) => [scale.X(log10(g)), scale.Y(log10(d))]);
  find(".fields").innerHTML = fills.map((d, k) => `<path class="kind${k}" d="${d}"/>`).join("")
    + scale.html + places.map(([x, y], k) => {
      const close = places.some(([a, b]) => a < x && x - a < 20 && abs(y - b) < 20);
      return `<circle class="axis" cx="${x}" cy="${y}" r="3"/>`
        + text(x, close ? y + 20 : y - 10, "middle", runs[k].value);
    }).join("");
}

function put(name, x, y, names, lines) {
  const svg = find(`.${name}`), { X, Y, html } = axes(svg.clientWidth, x, y, ...names);
  svg.innerHTML = html + lines.map(([look, points]) =>
    line(look, points.map(([a, b]) => [X(a), Y(b)]))).join("");
}

/* The drawings of the run. */
function paint() {
  const [theta, intercept, slope] = now(), last = states.length - 1;
  const low = min(given.start[0], at.mean) - 4 * at.spread;
  const high = max(given.start[0], at.mean) + 4 * at.spread;
  const curve = (f) => Array.from({ length: 121 }, (_, k) => low + k / 120 * (high - low))
    .map((place) => [place, f(place)]);
  const bell = (mean) => curve((a) => 0.9 * exp(-square((a - mean) / at.spread) / 2));
  put("bells", [low, high], [0, 1], ["x", ""], [["green", bell(at.mean)], ["red", bell(theta)],
    ["blue", curve((place) => sigmoid(intercept + slope * place))]]);

  const end = 10 * 2 ** max(0, ceil(log2(last / 10))), all = [0, end];
  const levels = [2, 1].map((n) => ["thin", all.map((time) => [time, n * Math.LN2])]);
  const [judge, forger] = [0, 1].map((k) => outline(seen.map((pair) => pair[k]), ceil(end / 640)));
  put("losses", all, around([...judge, ...forger].map(([, loss]) => loss)), ["update", "loss"],
    [...levels, ["blue", judge], ["red", forger]]);

  const points = states.map(([theta, , slope]) => [theta - theory.rest, slope]);
  const [wide, tall] = [0, 1].map((k) => around(points.map((point) => point[k])));
  put("path", wide, tall, ["θ − θ*", "φ₁"], [["thin", wide.map((a) => [a, 0])],
    ["thin", tall.map((b) => [0, b])], ["blue", points], ["spot", points.slice(-1)]]);
}

/* Every control as the settings are. */
function sync() {
  for (const name in at) {
    const field = fields[name], value = field.labels[0].querySelector(".value");
    field.value = LOGS.includes(name) ? log10(at[name]) : at[name];
    if (value) field.ariaValueText = value.textContent = shown(at[name], 3);
  }
  const [g, d] = rates().map(log10);
  dot.setAttribute("transform", `translate(${scale.X(g)} ${scale.Y(d)})`);
  dot.ariaValueNow = g;
  dot.ariaValueText = `generator ${at.generator}, discriminator ${at.discriminator}`;
}

function show(aloud) {
  chart();
  sync();
  paint();
  tell(aloud);
}

function move(logs) {
  const [generator, discriminator] = logs.map((value, k) =>
    rounded(10 ** min(limits[k][1], max(limits[k][0], value))));
  change({ generator, discriminator });
}

function play(on) {
  clearInterval(timer);
  timer = on && setInterval(tick, pause);
  fields.play.textContent = on ? "Pause" : "Play";
  if (!on) tell(true);
}

function tick() {
  let left = fields.speed.value;
  while (left > 0 && step()) left--;
  show();
  if (left > 0) play(false);
}

form.oninput = ({ target: { name, value } }) => {
  const number = LOGS.includes(name) ? rounded(10 ** value) : +value;
  if (name in at) change({ [name]: number });
};
form.onchange = dot.onkeyup = dot.onpointerup = () => tell(true);
fields.play.onclick = () => play(!timer);
fields.step.onclick = () => { step(); show(true); };
fields.reset.onclick = () => { change({}); play(false); };
dot.onkeydown = (event) => {
  const way = ["ArrowLeft", "ArrowDown", "ArrowRight", "ArrowUp"].indexOf(event.key);
  if (way < 0) return;
  event.preventDefault();
  const logs = rates().map(log10);
  logs[way % 2] += (way < 2 ? -1 : 1) * (event.shiftKey ? 0.1 : 0.01);
  move(logs);
};
const follow = (event) => {
  const { left, top } = phase.getBoundingClientRect();
  move([scale.backX(event.clientX - left), scale.backY(event.clientY - top)]);
};
dot.onpointerdown = (event) => dot.setPointerCapture(event.pointerId);
dot.onpointermove = (event) => dot.hasPointerCapture(event.pointerId) && follow(event);
phase.onclick = follow;
runs.forEach((button, k) => {
  const [generator, discriminator] = given.pairs[k];
  button.ariaLabel = `Run ${button.value}: ${generator} and ${discriminator}`;
  button.onclick = () => change({ generator, discriminator }, true);
});

const still = [...box.children];
box.append(form, fixed);
fixed.append(...still);
box.laboratory = { update, predict, moments, limit, noise, observe, random, losses };
addEventListener("beforeprint", () => { fixed.open = true; });
for (const [name, [min, max, step]] of Object.entries(sliders)) {
  Object.assign(fields[name], { min, max, step });
}
[dot.ariaValueMin, dot.ariaValueMax] = limits[0];
find(".ask").innerHTML = given.ask;
new ResizeObserver(() => (states ? show() : change({}))).observe(phase);
