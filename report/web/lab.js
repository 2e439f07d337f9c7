/* The live laboratory of exercise 4.6: a one-dimensional GAN, trained in the page in place of what
   stands in <div class="laboratory">, with lab.html and the data of lab/plot_live.py. A state is
   [θ, φ₀, φ₁], rates are [η_G, η_D]; x are genuine points, z noise values. */

const finite = Number.isFinite;
const { abs, cbrt, ceil, exp, floor, hypot, imul, log, log10, log1p, max, min, sqrt } = Math;

// --- Mathematics, as in scripts/gan_training: model.py, theory.py, lab/measure.py ---

const NAMES = ["monotone", "spiral", "flip", "no convergence", "runaway"];
const [MONOTONE, SPIRAL, FLIP, NO_CONVERGENCE, RUNAWAY] = NAMES.keys();
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
  let level = 0, tilt = 0, push = 0;
  for (let i = 0; i < x.length; i++) {
    const y = z[i] + theta;
    const doubt = sigmoid(-(intercept + slope * x[i])), belief = sigmoid(intercept + slope * y);
    level += belief - doubt;
    tilt += belief * y - doubt * x[i];
  }
  const next = [intercept - rateD / x.length * level, slope - rateD / x.length * tilt];
  const [seen, steep] = alternating ? next : [intercept, slope];
  for (const value of z) push += sigmoid(-(seen + steep * (value + theta)));
  return [theta + rateG / z.length * steep * push, ...next];
}

/* L_D and L_G of a state on all data. */
function losses([theta, intercept, slope], x, z) {
  const fake = z.map((value) => intercept + slope * (value + theta));
  const missed = average(x.map((value) => softplus(-intercept - slope * value)));
  return [missed + average(fake.map(softplus)), average(fake.map((a) => softplus(-a)))];
}

/* θ*, and the mean and the mean square of the points at the equilibrium: the entries of M. */
function moments(x, z) {
  const rest = average(x) - average(z), mean = average(x);
  return { rest, mean, second: square(mean) + (variance(x) + variance(z)) / 2 };
}

/* Roots [re, im] of t³ + bt² + ct + d (of a pair, one), by Newton and a stable deflation. */
function roots(b, c, d) {
  let t = -b / 3, p, q, slope;
  const value = () => {
    p = t + b;
    q = p * t + c;
    slope = (t + p) * t + q;
    return q * t + d;
  };
  const first = value(), side = first < 0 ? -1 : 1;
  let radius = cbrt(abs(first));
  if (slope < 0) radius = 1.324718 * max(radius, sqrt(-slope));
  let next = t - side * radius;
  while (next !== t) {
    t = next;
    const found = value();
    if (slope !== 0) next = t - found / slope / 1.000000000000001;
    if (side * next <= side * t) break;
  }
  if (square(t) * abs(t) > abs(d)) {
    q = -d / t;
    p = (q - c) / t;
  }
  const half = -p / 2, inside = half * half - q, root = sqrt(abs(inside));
  if (inside < 0) return [[t, 0], [half, root]];
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
  const leading = values.filter((_, k) => sizes[k] >= radius * (1 - 1e-12));
  const lead = leading.find(([, im]) => im) || leading[0];
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
   Each turn doubles the terms of the series that solves Σ = E[U Σ Uᵀ] + 2v qqᵀ. */
function noise(x, z, [rateG, rateD], alternating) {
  const { rest, mean, second } = moments(x, z), a = -rateD / 2;
  const pull = alternating ? rateG / 2 : 0, last = [a, a * mean, 1 + a * second];
  const first = last.map((entry, k) => pull * entry + [1, 0, rateG / 2 - pull][k]);
  const U = [first, [0, 1 + a, a * mean], last];
  let power = kronecker(U, U);
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
  let sum = q.flatMap((one) => q.map((other) => [both * one * other]));
  for (let k = 0; k < 60; k++) {
    const more = product(power, sum);
    sum = sum.map(([entry], j) => [entry + more[j][0]]);
    if (!(sum[0][0] < 1e30)) break;
    if (more[0][0] <= 1e-16 * sum[0][0]) return sqrt(sum[0][0]);
    power = product(power, power);
  }
  return Infinity;
}

/* What a run did, from its states alone: class, and log ρ per update (NaN: not seen). */
function observe(states, rest, { outer, target, floor, bound }) {
  const off = states.map(([theta, ...phi]) => [theta - rest, ...phi]), count = off.length;
  const sizes = off.map((place) => hypot(...place));
  if (!sizes.every((size) => size <= bound)) return [RUNAWAY, NaN];
  const first = sizes.findLastIndex((size) => size > outer) + 1;
  let last = first;
  while (last < count && sizes[last] >= floor) last++;
  if (last === count && (first === count || sizes[count - 1] > target)) {
    return [NO_CONVERGENCE, NaN];
  }
  const middle = max(first, min((first + last) >> 1, last - 3));
  const shares = [0, 0, 0], changes = [0, 0, 0];
  for (let n = middle; n < last; n++) {
    for (let k = 0; k < 3; k++) {
      shares[k] += square(off[n][k] / sizes[n]);
      changes[k] += n > middle && off[n][k] > 0 !== off[n - 1][k] > 0;
    }
  }
  const found = changes[shares.indexOf(max(...shares))];
  const kind = found === 0 ? MONOTONE : found === last - middle - 1 ? FLIP : SPIRAL;
  return [kind, fitted(sizes.slice(middle, last).map(log))];
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

/* Random numbers in [0, 1) from a seed: mulberry32. */
function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) >>> 0;
    let bits = imul(seed ^ (seed >>> 15), seed | 1);
    bits ^= bits + imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296;
  };
}

// --- Drawings ---

const HEIGHT = 240, LEFT = 44, TOP = 22, BOTTOM = 38;
const shown = (value, digits = 4) =>
  finite(value) ? String(Number(value.toPrecision(digits))).replace("-", "−") : "–";
const rounded = (value) => Number(value.toPrecision(3));
const text = (x, y, anchor, words) =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}">${words}</text>`;

/* Scales and axes of a drawing; where `logs`, the numbers are powers of ten. */
function axes(width, [x0, x1], [y0, y1], xName, yName, logs) {
  const bottom = HEIGHT - BOTTOM, across = width - 10 - LEFT, height = bottom - TOP;
  const X = (value) => LEFT + (value - x0) / (x1 - x0) * across;
  const Y = (value) => bottom - (value - y0) / (y1 - y0) * height;
  const back = (x, y) =>
    [x0 + (x - LEFT) / across * (x1 - x0), y0 + (bottom - y) / height * (y1 - y0)];
  let html = `<path class="axis" d="M${LEFT} ${TOP}V${bottom}h${across}"/>`
    + text(2, 13, "start", yName) + text(width - 10, HEIGHT - 4, "end", xName);
  for (const [up, ends] of [[x0, x1], [y0, y1]].entries()) {
    for (const value of ticks(...ends, logs)) {
      const [x, y] = up ? [LEFT, Y(value)] : [X(value), bottom];
      html += `<path class="axis" d="M${x} ${y}${up ? "h-4" : "v4"}"/>` + text(up ? x - 6 : x,
        up ? y + 4 : y + 16, up ? "end" : "middle", shown(logs ? 10 ** value : value, 2));
    }
  }
  return { X, Y, back, html };
}

function ticks(low, high, logs) {
  const size = 10 ** floor(log10((high - low) / 2)), found = [];
  const step = logs ? 1 : size * [5, 2, 1].find((n) => high - low >= 2 * n * size);
  for (let k = ceil(low / step); k * step <= high; k++) found.push(k * step);
  return found;
}

const line = (look, points) => `<path class="line ${look}" d="${points
  .filter((pair) => pair.every(finite))
  .map(([x, y], k) => `${k ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("")}h0"/>`;

/* From the least to the largest value and 0, with some room. */
function around(values) {
  const low = min(0, ...values), high = max(0, ...values);
  const room = 0.08 * (high - low) || 1e-4;
  return [low - room, high + room];
}

// --- The laboratory ---

function build(box) {
  const given = JSON.parse(box.querySelector("script").textContent);
  const form = box.querySelector("template").content.firstElementChild;
  const fields = form.elements, find = (what) => form.querySelector(what);
  const phase = find(".phase"), dot = find(".dot"), cells = form.querySelectorAll("td");
  const runs = form.querySelectorAll("[name=run]");
  const { sliders } = given, limits = [sliders.generator, sliders.discriminator];
  const pause = matchMedia("(prefers-reduced-motion: reduce)").matches ? 1000 : 100;
  const usual = { ...given.settings, alternating: true, single: false, near: false };
  const at = { ...usual };
  const rates = () => [at.generator, at.discriminator];
  const now = () => states[states.length - 1];
  let x, z, theory, states, seen, since, draw, scale, timer;

  function reset() {
    const d = given.near / sqrt(3);
    draw = random(at.seed);
    states = [at.near ? [theory.rest + d, d, d] : given.start];
    seen = [losses(states[0], x, z)];
    since = 0;
  }

  /* One update; false if the run is over: settled, far away, or long. */
  function step() {
    const pick = (values) => at.single ? [values[floor(draw() * values.length)]] : values;
    const size = hypot(now()[0] - theory.rest, now()[1], now()[2]);
    const settles = !at.single && predict(theory, rates(), at.alternating).radius < 1;
    const goes = size < given.bound && !(settles && size < given.floor) && states.length < 5e4;
    if (goes) {
      states.push(update(now(), pick(x), pick(z), rates(), at.alternating));
      seen.push(losses(now(), x, z));
    }
    return goes;
  }

  /* Class, ρ and deviation of the run since a setting was changed. */
  function measured() {
    const part = states.slice(since), late = part.slice(part.length / 2).map(([theta]) => theta);
    if (at.single) return ["–", NaN, late.length < 100 ? NaN : sqrt(variance(late))];
    const near = at.near && since === 0, outer = given.near * (near ? 10 : 100);
    const [kind, rate] = observe(part, theory.rest,
      { ...given, outer, target: near ? given.near / 100 : outer });
    const waits = kind === NO_CONVERGENCE && part.length <= given.epochs;
    return [waits ? "not settled yet" : NAMES[kind], exp(rate), NaN];
  }

  /* Prediction and measurement; with `aloud` in a sentence, too. */
  function tell(aloud) {
    const { kind, lead, radius } = predict(theory, rates(), at.alternating), found = measured();
    const law = noise(x, z, rates(), at.alternating), most = limit(theory, at.discriminator);
    const words = [NAMES[kind], found[0], shown(radius), shown(found[1]),
      law === Infinity ? "unbounded" : shown(law, 2), shown(found[2], 2)];
    words.forEach((word, k) => { cells[k].textContent = word; });
    const reason = kind === NO_CONVERGENCE && lead[1] ? 4 : kind;
    form.querySelectorAll(".why span").forEach((part, k) => { part.hidden = k !== reason; });
    find(".eigenvalue").textContent = shown(lead[0]) + (lead[1] ? ` ± ${shown(abs(lead[1]))} i` : "");
    find(".limit").textContent = most > 0 ? shown(most, 3) : "0: never";
    find(".limit").parentNode.hidden = !at.alternating;
    if (!aloud) return;
    find("[role=status]").textContent = `After ${states.length - 1} updates θ is
      ${shown(now()[0])}, its goal ${shown(theory.rest)}, and φ₁ is ${shown(now()[2], 3)}.
      Predicted: ${words[0]}, ρ ${words[2]}. Measured: ${words[1]}, ρ ${words[3]}.`;
  }

  /* The class that is predicted at each pair of rates. */
  function chart() {
    const fills = ["", "", "", ""], right = phase.clientWidth - 10;
    scale = axes(right + 10, ...limits, "generator’s rate", "discriminator’s rate", true);
    for (let y = TOP; y < HEIGHT - BOTTOM; y += 2) {
      const kind = (x) => predict(theory, scale.back(x + 1, y + 1).map((log) => 10 ** log),
        at.alternating).kind;
      for (let x = LEFT, start = x, here = kind(x); x < right; x += 2) {
        const next = x + 2 < right && kind(x + 2);
        if (next !== here) {
          fills[here] += `M${start} ${y}H${x + 2}v2H${start}z`;
          start = x + 2;
          here = next;
        }
      }
    }
    find(".fields").innerHTML = fills.map((d, k) => `<path class="kind${k}" d="${d}"/>`).join("")
      + scale.html + given.pairs.map(([g, d], k) =>
        text(scale.X(log10(g)), scale.Y(log10(d)) + 4, "middle", runs[k].value)).join("");
  }

  function put(name, x, y, names, lines) {
    const svg = find(`.${name}`), { X, Y, html } = axes(svg.clientWidth, x, y, ...names);
    svg.innerHTML = html + lines.map(([look, points]) =>
      line(look, points.map(([a, b]) => [X(a), Y(b)]))).join("");
  }

  /* The drawings that change with each update. */
  function paint() {
    const [theta, intercept, slope] = now(), last = states.length - 1;
    const low = min(given.start[0], at.mean) - 4 * at.spread;
    const high = max(given.start[0], at.mean) + 4 * at.spread;
    const over = (f) => Array.from({ length: 121 }, (_, k) => low + k / 120 * (high - low))
      .map((place) => [place, f(place)]);
    const bell = (mean) => over((a) => 0.9 * exp(-square((a - mean) / at.spread) / 2));
    put("bells", [low, high], [0, 1], ["x", ""], [["green", bell(at.mean)], ["red", bell(theta)],
      ["blue", over((place) => sigmoid(intercept + slope * place))]]);

    const stride = 2 * floor(last / 800) + 1, all = [0, max(10, last)];
    const times = [...states.keys()].filter((n) => (last - n) % stride === 0); // odd: flips stay
    const levels = [2, 1].map((n) => ["thin", all.map((time) => [time, n * Math.LN2])]);
    const curve = (k) => times.map((n) => [n, seen[n][k]]);
    put("losses", all, around(times.flatMap((n) => seen[n])), ["update", "loss"],
      [...levels, ["blue", curve(0)], ["red", curve(1)]]);

    const points = times.filter((n) => n > last - 2400)
      .map((n) => [states[n][0] - theory.rest, states[n][2]]);
    const [wide, tall] = [0, 1].map((k) => around(points.map((point) => point[k])));
    put("path", wide, tall, ["θ − θ*", "φ₁"], [["thin", wide.map((a) => [a, 0])],
      ["thin", tall.map((b) => [0, b])], ["blue", points], ["spot", points.slice(-1)]]);
    find(".count").textContent = last;
  }

  /* Every control as the settings are. */
  function sync() {
    for (const name in sliders) {
      const field = fields[name], value = shown(at[name], 3);
      field.value = name === "mean" ? at.mean : log10(at[name]);
      field.ariaValueText = value;
      field.labels[0].querySelector(".value").textContent = value;
    }
    for (const name of ["alternating", "single", "near"]) fields[name].value = at[name] ? 1 : "";
    fields.seed.value = at.seed;
    const [g, d] = rates().map(log10);
    dot.setAttribute("transform", `translate(${scale.X(g)} ${scale.Y(d)})`);
    dot.ariaValueNow = g;
    dot.ariaValueText = `generator ${at.generator}, discriminator ${at.discriminator}`;
  }

  function refresh(name) {
    x = given.real.map((value) => at.mean + at.spread * value);
    z = given.noise.map((value) => at.spread * value);
    theory = moments(x, z);
    if (!states || name === "near" || name === "seed") reset();
    if (name !== "size") since = states.length - 1;
    if (name !== "rates") chart();
    sync();
    paint();
    tell(false);
  }

  function move(logs) {
    [at.generator, at.discriminator] = logs.map((value, k) =>
      rounded(10 ** min(limits[k][1], max(limits[k][0], value))));
    refresh("rates");
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
    paint();
    tell(false);
    if (left > 0) play(false);
  }

  form.oninput = ({ target: { name, value } }) => {
    if (name in at) {
      at[name] = typeof at[name] === "boolean" ? value === "1"
        : /mean|seed/.test(name) ? Number(value) : rounded(10 ** value);
      refresh(name);
    }
  };
  form.onchange = () => tell(true);
  fields.play.onclick = () => play(!timer);
  fields.step.onclick = () => { step(); paint(); tell(true); };
  fields.reset.onclick = () => { refresh("near"); play(false); };
  dot.onkeydown = (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
    if (!way[event.key]) return;
    event.preventDefault();
    move(rates().map((rate, k) =>
      log10(rate) + way[event.key][k] * (event.shiftKey ? 0.1 : 0.01)));
  };
  dot.onkeyup = dot.onpointerup = () => tell(true);
  const follow = (event) => {
    const { left, top } = phase.getBoundingClientRect();
    move(scale.back(event.clientX - left, event.clientY - top));
  };
  dot.onpointerdown = (event) => dot.setPointerCapture(event.pointerId);
  dot.onpointermove = (event) => dot.hasPointerCapture(event.pointerId) && follow(event);
  phase.onclick = follow;
  runs.forEach((button, k) => {
    const [generator, discriminator] = given.pairs[k];
    button.ariaLabel = `Run ${button.value}: ${generator} and ${discriminator}`;
    button.onclick = () => {
      Object.assign(at, usual, { generator, discriminator });
      refresh("near");
      tell(true);
    };
  });

  const fixed = document.createElement("details");
  fixed.innerHTML = "<summary>The diagram of the report’s runs</summary>";
  fixed.append(...box.children);
  box.append(form, fixed);
  box.laboratory = { update, predict, moments, limit, noise, observe, random, losses };
  addEventListener("beforeprint", () => { fixed.open = true; });
  for (const [name, [min, max, step]] of Object.entries(sliders)) {
    Object.assign(fields[name], { min, max, step });
  }
  [dot.ariaValueMin, dot.ariaValueMax] = limits[0];
  find(".ask").innerHTML = given.ask;
  new ResizeObserver(() => refresh("size")).observe(phase);
}

document.querySelectorAll("div.laboratory").forEach(build);
