// What a reader can do with a page, from either engine: contents beside the text, search, links to
// every part, TeX to copy, previews of what is referred to. Without it the page is complete.
// What it adds is marked `data-added`: paper leaves it out, and so does the preview's comparison.
const main = document.querySelector("main");
const nav = document.querySelector("nav");
const all = (selector, base = document) => [...base.querySelectorAll(selector)];

function make(tag, properties, ...inside) {
  const element = Object.assign(document.createElement(tag), properties);
  element.dataset.added = "";
  element.append(...inside);
  return element;
}
const button = (text, label, onclick) =>
  make("button", { type: "button", ariaLabel: label, title: label, onclick }, text);

// --- contents: a list beside the text, a menu where there is no room; where the reader is ---

const isWide = matchMedia("(min-width: 62.5rem)");
const isNarrow = matchMedia("(max-width: 40rem)"); // where long formulas have boxes that scroll
const menu = make("button", { type: "button", className: "menu" }, "Contents");
const opener = make("button", { type: "button" }, "Search");
opener.setAttribute("aria-keyshortcuts", "/ Control+K");

function arrange() {
  if (nav) nav.popover = isWide.matches ? null : "auto";
  menu.popoverTargetElement = nav;
  for (const box of all(".long")) box.tabIndex = isNarrow.matches ? 0 : -1;
}

function spy() {
  const headings = all("main :is(h1, h2, h3, h4)[id]");
  let last = -1;
  for (let high = headings.length; high - last > 1; ) {
    const middle = (last + high) >> 1;
    if (headings[middle].getBoundingClientRect().top < innerHeight / 3) last = middle;
    else high = middle;
  }
  const old = document.querySelector("nav [aria-current]");
  let link = null;
  for (; !link && last >= 0; last--) link = document.getElementById(`toc-${headings[last].id}`);
  if (link === old) return;
  old?.removeAttribute("aria-current");
  link?.setAttribute("aria-current", "location");
  if (link && isWide.matches) link.scrollIntoView({ block: "nearest" });
}

let isSpying = false;
addEventListener("scroll", () => {
  if (!isSpying) requestAnimationFrame(() => { isSpying = false; spy(); });
  isSpying = true;
}, { passive: true });

// --- links to every part ---

const flat = (text) => text.replace(/\s+/g, " ").trim();
const shortened = (text) => flat(text).slice(0, 80);

// The place in a part that has its name, and what the part is called.
function nameOf(part) {
  if (/^H\d/.test(part.tagName)) return [part, shortened(part.textContent)];
  if (part.matches(".theorem")) {
    const title = part.querySelector(".theorem-title");
    return [title, title && shortened(title.textContent)];
  }
  if (part.matches(".equation")) {
    const number = part.querySelector(".equation-number");
    return [number, `equation ${number.textContent}`];
  }
  const caption = part.querySelector(":scope > figcaption, :scope > figure > figcaption");
  return [caption, caption && shortened(caption.textContent.split(":")[0])];
}

function link() {
  const parts = ":is(h1, h2, h3, h4, h5, h6, .theorem, .equation, [id^='fig-'], [id^='tbl-'])[id]";
  for (const part of all(`main ${parts}`)) {
    const [place, name] = nameOf(part);
    if (!place || place.querySelector(":scope > .anchor")) continue;
    const href = `#${part.id}`;
    place.append(make("a", { className: "anchor", href, ariaLabel: `Link to ${name}` }));
  }
}

// --- formulas: their TeX ---

const tex = (math) => math.querySelector("annotation")?.textContent.trim() ?? math.textContent;

async function copy(written, pressed) {
  if (!navigator.clipboard) return prompt("TeX", written); // a page that came over plain http
  await navigator.clipboard.writeText(written);
  pressed.textContent = "Copied";
}

// A click on a formula, or Enter where it has a box, offers its TeX.
function offer(event) {
  const formula = event.target.closest("math, .formula, .long");
  if (!formula || event.target.closest("a, .number") || !getSelection().isCollapsed) return;
  const written = tex(formula.querySelector("math") ?? formula);
  const pressed = button("TeX", "Copy TeX", () => copy(written, pressed));
  event.preventDefault(); // or the same stroke would press the button
  event.stopPropagation(); // and the same click would take it away
  show(formula, null, pressed, " ", make("code", {}, written));
  pressed.focus();
}
main.addEventListener("click", offer);
main.addEventListener("keydown", (event) => event.key === "Enter" && offer(event));

// Selected text is copied with the formulas as TeX.
addEventListener("copy", (event) => {
  const range = getSelection().rangeCount && getSelection().getRangeAt(0);
  const inside = range && range.cloneContents();
  if (!inside?.querySelector("math")) return;
  for (const node of all("[data-added]", inside)) node.remove();
  for (const math of all("math", inside)) math.replaceWith(`$${tex(math)}$`);
  event.clipboardData.setData("text/plain", inside.textContent);
  event.preventDefault();
});

// --- notes beside the text ---

function placeNotes() {
  for (const reference of all("a.footnote-ref")) {
    const note = document.getElementById(reference.hash.slice(1));
    if (!note || reference.nextElementSibling?.matches(".sidenote")) continue;
    const beside = make("span", { className: "sidenote", ariaHidden: "true", inert: true });
    beside.append(reference.textContent, " ", ...shown(note));
    reference.after(beside);
  }
}

// A copy of what a part shows: no names, no second back links.
function shown(part) {
  const copy = part.cloneNode(true);
  for (const node of all("[data-added], .footnote-back", copy)) node.remove();
  for (const node of [copy, ...all("[id]", copy)]) node.removeAttribute("id");
  return copy.matches("li, div") ? copy.childNodes : [copy];
}

// --- previews of what is referred to, on hover, focus or the first tap; a second tap goes there.
// They can be pointed at, and Escape dismisses them ---

const card = make("div", { className: "card", popover: "manual" });
let waiting = 0;
let owner = null; // what the card belongs to
let wanted = null; // what it will belong to in a moment

function target(link) {
  const found = document.getElementById(decodeURIComponent(link.hash.slice(1)));
  if (!main.contains(found) || link.matches(".anchor, .footnote-back")) return [];
  const next = /^H\d/.test(found.tagName) && found.nextElementSibling;
  return next && next.matches(".passage") ? [found, next.firstElementChild] : [found];
}

function show(beside, ariaHidden, ...inside) {
  owner = beside;
  card.replaceChildren(...inside);
  card.ariaHidden = ariaHidden;
  card.showPopover();
  const [line] = beside.getClientRects();
  const { width, height } = card.getBoundingClientRect();
  const isBelow = line.bottom + height + 8 < innerHeight || line.top < height + 8;
  card.style.left = `${Math.max(8, Math.min(line.left, innerWidth - width - 8))}px`;
  card.style.top = `${isBelow ? line.bottom + 2 : line.top - height - 2}px`;
}

function preview(link, isTapped) {
  const parts = target(link).flatMap((part) => [...shown(part)]);
  const way = make("a", { href: link.hash, hidden: !isTapped }, "Go there");
  if (parts.length) show(link, isTapped ? null : "true", way, make("div", { inert: true }, ...parts));
  return parts.length;
}

function dismiss() {
  clearTimeout(waiting);
  if (card.contains(document.activeElement)) owner.focus();
  owner = wanted = null;
  if (card.matches(":popover-open")) card.hidePopover();
}

function soon(link) {
  clearTimeout(waiting);
  wanted = link;
  waiting = setTimeout(() => (link ? preview(link) : dismiss()), 250);
}

const reference = (event) => event.target.closest?.("main a[href^='#']");
let isTouch = false;
addEventListener("pointerover", (event) => {
  isTouch = event.pointerType === "touch";
  if (isTouch) return;
  const link = reference(event);
  if (card.contains(event.target) || (link && link === owner)) clearTimeout(waiting);
  else if (link) link === wanted || soon(link);
  else if (!wanted || wanted !== document.activeElement) soon(null);
});
addEventListener("focusin", (event) => {
  const link = reference(event);
  if (link?.matches(":focus-visible")) soon(link);
  else if (owner && !card.contains(event.target)) dismiss();
});
addEventListener("click", (event) => {
  const link = reference(event);
  if (isTouch && link && link !== owner && preview(link, true)) event.preventDefault();
  else if (!card.contains(event.target) || event.target.closest("a")) dismiss();
});

// --- search in the text, in formulas as they look, and in their TeX ---

const input = make("input", { autofocus: true, onfocus: () => input.select(), ariaLabel: "Search text and formulas" });
const status = make("p", { role: "status" });
const list = make("ol", {});
const panel = make("div", { className: "search", popover: "auto", role: "search" },
  make("div", {}, input, button("↑", "Previous", () => go(-1)), button("↓", "Next", () => go(1)),
    button("✕", "Close", () => panel.hidePopover())), status, list);
const BLOCKS = "p, li, td, th, dt, dd, h1, h2, h3, h4, h5, h6, figcaption, pre, div, annotation";
const MOST = 300;
let texts = null;
let searched = "";
let typing = 0;
let hits = [];
let at = -1;

// The text of every block, with the nodes that it is put together from.
function gather() {
  const found = new Map();
  const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT, (node) =>
    node.parentElement.closest("script, style, [data-added]") ? 2 : 1);
  let section = "";
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const block = node.parentElement.closest(BLOCKS) ?? main;
    if (!found.has(block)) {
      if (/^H\d/.test(block.tagName)) section = shortened(block.textContent);
      found.set(block, { block, section, text: "", nodes: [] });
    }
    const entry = found.get(block);
    entry.nodes.push([entry.text.length, node]);
    entry.text += node.data.replace(/\s/g, " ");
  }
  return [...found.values()];
}

function find(words) {
  const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(escaped.join(" +"), "giu");
  texts ??= gather();
  return texts.flatMap((entry) => [...entry.text.matchAll(pattern)].flatMap((match) => {
    const { text, section, block, nodes } = entry;
    const start = match.index;
    const end = start + match[0].length;
    const range = document.createRange();
    const math = block.matches("annotation") && block.closest("math");
    const first = nodes.findLast(([from]) => from <= start);
    const last = nodes.findLast(([from]) => from < end);
    if (!(math || first[1].parentElement)?.checkVisibility()) return [];
    if (math) range.selectNode(math);
    else {
      range.setStart(first[1], start - first[0]);
      range.setEnd(last[1], end - last[0]);
    }
    const from = text.lastIndexOf(" ", start - 40) + 1; // whole words
    const to = text.indexOf(" ", end + 40);
    return { range, section, line: flat(text.slice(from, to < 0 ? undefined : to)) };
  }));
}

function paint() {
  if (!CSS.highlights) return; // the list still leads to every place
  const [here] = hits.slice(at, at + 1);
  CSS.highlights.set("found", new Highlight(...hits.map(({ range }) => range)));
  CSS.highlights.set("here", new Highlight(...(at >= 0 && here ? [here.range] : [])));
}

function search() {
  clearTimeout(typing);
  searched = input.value;
  const words = searched.trim().split(/\s+/).filter(Boolean);
  hits = words.join("").length > 1 ? find(words) : [];
  at = -1;
  list.replaceChildren(...hits.slice(0, MOST).map(({ line, section }, index) =>
    make("li", {}, make("button", { type: "button", onclick: () => go(index - at) }, line,
      make("small", {}, section)))));
  say();
  paint();
}

function say() {
  const count = `${hits.length} ${hits.length === 1 ? "place" : "places"}`;
  status.textContent = at >= 0 ? `${at + 1} of ${count}` : input.value.trim() ? count : "";
}

function go(steps) {
  if (input.value !== searched) search(); // Enter came before the pause after a letter
  if (!hits.length) return;
  at = (at + steps + (at < 0 && steps < 0 ? 1 : 0) + hits.length) % hits.length;
  const { startContainer } = hits[at].range;
  const element = startContainer.nodeType === 1 ? startContainer : startContainer.parentElement;
  element.scrollIntoView();
  scrollBy(0, hits[at].range.getBoundingClientRect().top - innerHeight / 2); // below the panel
  list.querySelector("[aria-current]")?.removeAttribute("aria-current");
  const entry = list.children[at]?.firstElementChild;
  entry?.setAttribute("aria-current", "true");
  entry?.scrollIntoView({ block: "nearest" });
  say();
  paint();
}

input.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(search, 120);
});
input.addEventListener("keydown", (event) => {
  if (event.key === "Enter") go(event.shiftKey ? -1 : 1);
});
panel.addEventListener("toggle", ({ newState }) => {
  if (newState === "closed") CSS.highlights?.delete("found"); // the place one came for stays
});
opener.popoverTargetElement = panel;

addEventListener("keydown", (event) => {
  if (event.key === "Escape") dismiss();
  const isTyping = event.target.matches?.("input, textarea, select, [contenteditable]");
  const isSlash = event.key === "/" && !isTyping;
  if (!isSlash && !(event.key === "k" && (event.ctrlKey || event.metaKey))) return;
  event.preventDefault();
  panel.showPopover();
  input.focus(); // where it was open already
});

// --- at the start, and whenever the preview has changed the page ---

function furnish() {
  arrange();
  link();
  placeNotes();
  texts = null;
  spy();
}

const tools = make("div", { className: "tools" }, menu, opener);
nav?.addEventListener("click", ({ target }) => nav.popover && target.closest("a") && nav.hidePopover());
isWide.addEventListener("change", arrange);
isNarrow.addEventListener("change", arrange);
addEventListener("changed", furnish);
document.querySelector(".skip")?.after(tools);
if (!tools.isConnected) document.body.prepend(tools);
document.body.append(panel, card);
furnish();
