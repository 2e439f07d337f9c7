// Shows, on a click or Enter, what the build knows of a printed number.

function made(tag, ...content) {
  const element = document.createElement(tag);
  element.append(...content);
  return element;
}

function list(items) {
  return made("ul", ...items.map((item) => made("li", ...item)));
}

function check({ id, claim, passed, result }) {
  const name = made(document.getElementById(claim) ? "a" : "span", id);
  if (name.tagName === "A") name.href = `#${claim}`;
  return [passed ? "holds: " : "does not hold: ", name, `, ${result}`];
}

const words = (name) => name.replaceAll("_", " ");

function answer(name, known) {
  const { value, source, checks } = known.numbers[name];
  const { script, step, settings, seed, sha256 } = known.sources[source];
  const [topic, key] = words(name).split(".");
  const read = Object.entries(settings).filter(([setting]) => setting !== "seed");
  const rows = {
    Name: made("code", name),
    Value: JSON.stringify(value),
    Script: made("code", script),
    Step: made("code", step),
    Settings: read.length && list(read.map(([setting, set]) => [`${setting}: ${JSON.stringify(set)}`])),
    Seed: seed !== null && String(seed),
    Checks: checks.length && list(checks.map((place) => check(known.checks[place]))),
    File: sha256 && made("code", source),
    "SHA-256": sha256 && made("code", sha256),
    Recompute: made("code", `make audit STEPS=${step}`),
  };
  const shown = Object.entries(rows).filter(([, content]) => content);
  return [
    made("h2", `${key}, of ${topic}`),
    made("p", sha256 ? `The step ${step} wrote it to the file ${source}.`
      : `The step ${step} counted it.`),
    made("dl", ...shown.flatMap(([term, content]) => [made("dt", term), made("dd", content)])),
  ];
}

function ask(number) {
  const known = JSON.parse(document.querySelector("script.numbers").textContent);
  const names = number.dataset.of.split(" ");
  const close = made("button", "Close");
  const box = made("dialog", close, ...names.flatMap((name) => answer(name, known)));
  box.className = "asked";
  box.dataset.added = ""; // not of the text: the preview looks past it
  box.setAttribute("aria-label", `Where ${names.map(words).join(", ")} comes from`);
  box.addEventListener("click", ({ target }) => {
    if (target === box || target === close || target.closest("a")) box.close();
  });
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
}

for (const number of document.querySelectorAll(".number")) {
  number.tabIndex = 0;
  number.setAttribute("role", "link");
  number.setAttribute("aria-haspopup", "dialog");
  const formula = number.querySelector("semantics > *"); // MathML gives a link no name
  if (formula) number.ariaLabel = `${formula.textContent}: ${number.dataset.of}`;
}
document.addEventListener("click", ({ target }) => {
  const number = target.closest(".number");
  if (number && getSelection().isCollapsed) ask(number);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches(".number")) return;
  event.preventDefault(); // or the same stroke would press the button that gets the focus
  ask(event.target);
});
