// Keeps a page of the preview up to date: fetches it anew when its version changes and changes in
// the page what differs, so that the reader's place stays; shows progress and faults at its foot.
"use strict";

const me = document.currentScript;
const name = location.pathname.slice(1) || "index.html";

// --- the page ---

let wanted = me.dataset.version;
let isFetching = false;

async function update() {
  if (isFetching || !wanted || wanted === me.dataset.version) return;
  isFetching = true;
  try {
    const answer = await fetch(location.pathname, { cache: "no-store" });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok) return;
    const stay = placeOfReader();
    for (const added of document.querySelectorAll("main [data-added]")) added.remove();
    morph(document.documentElement, fresh.documentElement); // me, with its version, too
    dispatchEvent(new Event("changed")); // the page's own script, web/page.js, adds its parts again
    stay();
    // It may be a later version than the one that was asked for: what comes next will tell.
    wanted = me.dataset.version;
  } catch {
    // The preview has ended; the next event says what holds then.
  } finally {
    isFetching = false;
  }
}

// The innermost elements across the top of the window; the first that is still there afterwards is
// brought back to where it was.
function placeOfReader() {
  const chain = [];
  for (let at = document.body; at; ) {
    at = [...at.children].find((child) => child.getBoundingClientRect().bottom > 0);
    if (at) chain.unshift([at, at.getBoundingClientRect().top]);
  }
  return () => {
    const found = chain.find(([element]) => element.isConnected);
    if (found && scrollY > 0) scrollBy(0, found[0].getBoundingClientRect().top - found[1]);
  };
}

const BLOCKS = new Set(["HTML", "HEAD", "BODY", "MAIN", "NAV", "HEADER", "SECTION", "UL", "OL"]);
const WHOLE = new Set(["math", "svg", "STYLE", "SCRIPT"]);

function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  const isElement = old.nodeType === 1 && old.nodeName === fresh.nodeName;
  if (!isElement) return old.replaceWith(fresh);
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  if (WHOLE.has(old.nodeName)) return old.replaceChildren(...fresh.childNodes);
  morphChildren(old, fresh);
}

// Children that are equal, in this order, stay. What is between two of them is changed one by one
// if it is as much of the same kinds, else put in the place of the other.
function morphChildren(parent, fresh) {
  const before = [...parent.childNodes].filter((node) => !isBlank(node) && !isAdded(node));
  const after = [...fresh.childNodes].filter((node) => !isBlank(node));
  // Mostly one place was edited. What is equal before and behind it is quickly found.
  while (before.length && after.length && before[0].isEqualNode(after[0])) {
    before.shift();
    after.shift();
  }
  let behind = null;
  while (before.length && after.length && before.at(-1).isEqualNode(after.at(-1))) {
    behind = before.pop();
    after.pop();
  }
  let gap = [];
  const close = (old, next) => {
    const isAlike = old.length === gap.length && old.every((node, n) => node.nodeName === gap[n].nodeName);
    if (isAlike) old.forEach((node, n) => morph(node, gap[n]));
    else {
      gap.forEach((node) => parent.insertBefore(node, next));
      old.forEach((node) => node.remove());
    }
    gap = [];
  };
  for (const node of after) {
    const place = after.length > 1 ? before.findIndex((old) => old.isEqualNode(node)) : -1;
    if (place < 0) gap.push(node);
    else {
      close(before.splice(0, place), before[0]);
      before.shift();
    }
  }
  close(before, behind);
}

// What the preview, and beside the text the page's own script, add to what was rendered.
const isAdded = (node) => node === host || node.dataset?.added !== undefined;

// White space between blocks, which shows nothing; between words it is a part of what was written.
const isBlank = (node) => node.nodeType === 3 && !node.data.trim() && BLOCKS.has(node.parentNode.nodeName);

// --- what is wrong, and how far the build is ---

const host = document.createElement("preview-status");
const box = host.attachShadow({ mode: "open" });
box.innerHTML = `<style>
  :host { all: initial; position: fixed; inset: auto 0 0 0; z-index: 2147483647 }
  [role] { max-height: 45vh; overflow: auto; font: 14px/1.4 monospace; white-space: pre-wrap }
  p { margin: 0; padding: 0.5em 1em; color: #fff; background: #333 }
  .fault { background: #8b1a1a }
</style><div role="status"></div>`;
addEventListener("DOMContentLoaded", () => document.documentElement.append(host));

function say(faults, progress) {
  const line = (text, kind) => Object.assign(document.createElement("p"), { textContent: text, className: kind });
  const lines = faults.map((text) => line(text, "fault"));
  if (progress) lines.push(line(progress, ""));
  box.querySelector("[role]").replaceChildren(...lines);
}

// --- what the preview tells ---

let events = null;

function listen() {
  events?.close();
  events = null;
  if (document.hidden) return; // a browser has but a few connections for all tabs
  events = new EventSource("/events");
  events.onmessage = ({ data }) => {
    const { versions, faults, progress } = JSON.parse(data);
    say(faults, progress);
    wanted = versions[name];
    update().then(update);
  };
  events.onerror = () => say([], "The preview has ended. It goes on here as soon as `make preview` runs again.");
}

addEventListener("visibilitychange", listen);
listen();
