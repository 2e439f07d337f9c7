// What a reader can do with a page, from either engine: contents beside the text, search, links to
// every part, TeX to copy, previews of what is referred to. Without it the page is complete.
// What it adds is marked `data-added`: paper leaves it out, and so does the preview's comparison.
"use strict";
(() => {
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
const menu = make("button", { type: "button", className: "menu" }, "Contents");
const opener = make("button", { type: "button" }, "Search");
opener.setAttribute("aria-keyshortcuts", "/ Control+K");

function arrange() {
  if (nav) nav.popover = isWide.matches ? null : "auto";
  menu.popoverTargetElement = nav;
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

// --- links to every part, and buttons that copy a formula ---

const shortened = (text) => text.replace(/\s+/g, " ").trim().slice(0, 80);

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

const tex = (math) => math.querySelector("annotation")?.textContent.trim() ?? math.textContent;

async function copy(math, pressed) {
  if (!navigator.clipboard) return prompt("TeX", tex(math)); // a page that came over plain http
  await navigator.clipboard.writeText(tex(math));
  pressed.textContent = "Copied";
  pressed.addEventListener("blur", () => (pressed.textContent = "TeX"), { once: true });
}

function furnishFormulas() {
  for (const box of all(".formula")) {
    const math = box.querySelector("math");
    if (!math || box.querySelector(".copy")) continue;
    const pressed = button("TeX", "Copy TeX", () => copy(math, pressed));
    pressed.className = "copy";
    box.append(pressed);
  }
}

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

// --- formulas that are too wide can be scrolled with the keyboard ---

function measure(passage) {
  for (const box of all(".formula, .long", passage)) {
    if (box.scrollWidth > box.clientWidth + 1) {
      box.tabIndex = 0;
      box.role = "group";
      box.ariaLabel = "Formula, scrolls sideways";
    } else for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
  }
}

// One passage after the other, while nothing else is to do: where it is not seen, to measure it is
// to lay it out.
const whenIdle = window.requestIdleCallback ?? setTimeout;
let turn = 0;
function measureAll(left = all(".passage"), mine = ++turn) {
  if (!left.length || mine !== turn) return;
  whenIdle(() => {
    measure(left[0]);
    measureAll(left.slice(1), mine);
  });
}

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

// --- previews of what is referred to: they can be pointed at, and Escape dismisses them ---

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

function preview(link) {
  const parts = target(link).flatMap((part) => [...shown(part)]);
  if (parts.length) show(link, "true", make("div", { inert: true }, ...parts));
}

function dismiss() {
  clearTimeout(waiting);
  owner = wanted = null;
  if (card.matches(":popover-open")) card.hidePopover();
}

function soon(link) {
  clearTimeout(waiting);
  wanted = link;
  waiting = setTimeout(() => (link ? preview(link) : dismiss()), 250);
}

const reference = (event) => event.target.closest?.("main a[href^='#']");
addEventListener("pointerover", (event) => {
  if (event.pointerType === "touch") return;
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
addEventListener("click", ({ target }) => card.contains(target) || dismiss());

// A click on a formula within the text offers its TeX.
main.addEventListener("click", ({ target }) => {
  const math = target.closest("math:not([display='block'])");
  if (!math || target.closest("a") || !getSelection().isCollapsed) return;
  const pressed = button("TeX", "Copy TeX", () => copy(math, pressed));
  setTimeout(() => show(math, null, pressed, " ", make("code", {}, tex(math))));
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
    entry.text += node.data;
  }
  return [...found.values()];
}

function find(words) {
  const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(escaped.join("\\s+"), "giu");
  texts ??= gather();
  return texts.flatMap((entry) => [...entry.text.matchAll(pattern)].map((match) => {
    const range = document.createRange();
    const math = entry.block.matches("annotation") && entry.block.closest("math");
    if (math) range.selectNode(math);
    else {
      const place = (offset, isEnd) => {
        const [start, node] = entry.nodes.findLast(([from]) => (isEnd ? from < offset : from <= offset));
        return [node, offset - start];
      };
      range.setStart(...place(match.index));
      range.setEnd(...place(match.index + match[0].length, true));
    }
    const from = Math.max(0, match.index - 30);
    const line = shortened(entry.text.slice(from, match.index + match[0].length + 50));
    return { range, line, section: entry.section };
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
  element.scrollIntoView({ block: "center" });
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
  if (newState === "closed") CSS.highlights?.clear();
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
  furnishFormulas();
  placeNotes();
  texts = null;
  spy();
  measureAll();
}

const tools = make("div", { className: "tools" }, menu, opener);
nav?.addEventListener("click", ({ target }) => nav.popover && target.closest("a") && nav.hidePopover());
isWide.addEventListener("change", arrange);
addEventListener("resize", () => measureAll());
addEventListener("changed", furnish);
document.querySelector(".skip")?.after(tools);
if (!tools.isConnected) document.body.prepend(tools);
document.body.append(panel, card);
furnish();
})();
