// What pages do beyond HTML: they renew themselves, and a few keys. Everything works without it.
"use strict";

const body = document.body;
const main = document.querySelector("main");
const MINUTE = 60_000;

// What this script puts into a page itself: a renewal leaves it alone.
const isKept = (node) => node.nodeType === Node.ELEMENT_NODE && node.hasAttribute("data-kept");

function own(classes, attribute, value) {
  const made = document.createElement("p");
  made.className = classes;
  made.setAttribute(attribute, value);
  made.setAttribute("data-kept", "");
  return made;
}

// ---- A page with <main data-live> renews itself. `data-live="20"`: each 20 seconds where nobody moves; `data-hurry`: each second.

let [etag, lostBanner] = [null, null];
let [timer, misses] = [0, 0];
let [isAsking, isLeaving, isPressed] = [false, false, false];
let [movedAt, renewedAt, notBefore] = [Date.now(), 0, 0]; // Milliseconds since 1970.

const isLive = () => main !== null && main.hasAttribute("data-live");
const isActive = () => Date.now() - movedAt < MINUTE;

function pause() {
  const isHurried = main.matches("[data-hurry]") || main.querySelector("[data-hurry]") !== null;
  if (misses >= 3) return 15_000;
  if (isHurried && Date.now() - movedAt < 10 * MINUTE) return 1000;
  return isActive() ? 3000 : (Number(main.getAttribute("data-live")) || 60) * 1000;
}

function plan() {
  clearTimeout(timer);
  if (isLive() && !document.hidden) timer = setTimeout(ask, Math.max(pause(), notBefore - Date.now()));
}

// Whether a renewal now would take something out of a person's hands.
function isBusy() {
  if (isLeaving || isPressed) return true;
  const selection = getSelection();
  if (selection !== null && !selection.isCollapsed && main.contains(selection.anchorNode)) return true;
  const field = document.activeElement;
  if (field === null || !main.contains(field)) return false;
  if (field.matches("select")) return isActive();
  return field.matches("textarea, input:not([type=checkbox], [type=radio])") && field.value !== field.defaultValue;
}

async function ask() {
  clearTimeout(timer);
  if (isAsking || !isLive() || document.hidden || Date.now() < notBefore) return plan();
  isAsking = true;
  try {
    const url = new URL(location.href);
    url.hash = "";
    url.searchParams.delete("done");
    const headers = etag === null ? {} : { "If-None-Match": etag };
    const response = await fetch(url, { headers, cache: "no-store", signal: AbortSignal.timeout(20_000) });
    if (response.status !== 304) await renew(response);
    misses = 0;
    sayLost();
  } catch {
    if (!isLeaving) misses += 1;
    sayLost();
  } finally {
    isAsking = false;
    plan();
  }
}

async function renew(response) {
  const isOut = new URL(response.url).pathname === "/sign-in";
  if (isOut) misses = 3;
  if (!response.ok) notBefore = Date.now() + (Number(response.headers.get("Retry-After")) || 0) * 1000;
  const next = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = next.querySelector("main");
  if (isOut || !response.ok || fresh === null) throw new Error("this page cannot be had now");
  if (isBusy()) return;
  if (sheetOf(next) !== sheetOf(document) && performance.now() > MINUTE) return location.reload();
  etag = response.headers.get("ETag");
  title(next);
  const focused = document.activeElement;
  renewedAt = Date.now();
  become(main, fresh);
  for (const strip of main.querySelectorAll(".bars")) if (days.has(strip)) showDay(strip, days.get(strip));
  if (focused !== document.activeElement && main.contains(focused)) focused.focus({ preventScroll: true });
}

const sheetOf = (page) => page.querySelector("link[rel=stylesheet]")?.getAttribute("href");

// The page's title; `<title data-down="2">` puts the number of what is down before it.
function title(page) {
  const element = page.querySelector("head > title");
  const down = Number(element?.dataset.down) || 0;
  const text = down > 0 ? `(${down}) ${element.textContent}` : element?.textContent;
  if (text && document.title !== text) document.title = text;
}

function sayLost() {
  if (misses < 3) {
    lostBanner?.remove();
    lostBanner = null;
  } else if (lostBanner === null) {
    const banner = lostBanner = own("banner is-degraded", "role", "status");
    main.prepend(banner);
    setTimeout(() => { banner.textContent = body.dataset.lost ?? ""; }, 50); // Said aloud only if it changes in the page.
  }
}

// Makes `now` equal to `next` with as little change as can be: what stays the same element keeps its focus, scroll, ticks, typed text and openness.
function become(now, next) {
  const isOwn = (name) => name === "open" && now.nodeName === "DETAILS";
  for (const { name } of [...now.attributes]) if (!next.hasAttribute(name) && !isOwn(name)) now.removeAttribute(name);
  for (const { name, value } of [...next.attributes]) if (now.getAttribute(name) !== value && !isOwn(name)) now.setAttribute(name, value);
  const known = new Map();
  for (const child of now.childNodes) {
    const key = keyOf(child);
    if (!isKept(child)) known.set(key, [...known.get(key) ?? [], child]);
  }
  const pairs = [...next.childNodes].map((fresh) => [known.get(keyOf(fresh))?.shift(), fresh]);
  for (const left of known.values()) for (const child of left) child.remove();
  let place = now.firstChild;
  for (const [child, fresh] of pairs) {
    while (place !== null && isKept(place)) place = place.nextSibling;
    if (child === undefined) {
      now.insertBefore(fresh, place);
      continue;
    }
    if (child === place) place = place.nextSibling;
    else now.insertBefore(child, place);
    if (child.isEqualNode(fresh)) continue;
    if (child.nodeType !== Node.ELEMENT_NODE) child.data = fresh.data;
    else if (!child.classList.contains("bars-says")) become(child, fresh);
  }
}

// What an element is, whatever it says at present. A form's own properties are hidden by controls of these names, so only attributes are read.
function keyOf(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return node.nodeName;
  const of = (name, element = node) => element.getAttribute(name) ?? "";
  const parts = [node.nodeName, of("id"), of("name"), of("href"), of("action")];
  if (node.matches("option, button, [type=checkbox], [type=radio], [type=submit]")) parts.push(of("value"));
  if (node.matches("li, tr")) {
    const mark = node.querySelector("[name=id], [href]");
    if (mark !== null) parts.push(of("value", mark), of("href", mark));
  }
  return parts.join("\n");
}

function moved(event) {
  // Browsers send these two by themselves where content moves under a pointer that rests.
  if (["scroll", "pointermove"].includes(event.type) && Date.now() - renewedAt < 1000) return;
  const wasActive = isActive();
  movedAt = Date.now();
  if (!wasActive) ask();
}

if (isLive()) {
  for (const type of ["pointermove", "pointerdown", "keydown", "wheel", "touchstart", "scroll"]) {
    document.addEventListener(type, moved, { passive: true, capture: true });
  }
  addEventListener("focus", moved);
  addEventListener("pointerdown", () => { isPressed = true; }, true);
  for (const type of ["pointerup", "pointercancel", "dragend", "blur"]) addEventListener(type, () => { isPressed = false; });
  addEventListener("online", ask);
  document.addEventListener("visibilitychange", () => { if (document.hidden) clearTimeout(timer); else ask(); });
  plan();
}
title(document);

// ---- What was just done is said once, not again at a reload.

if (new URLSearchParams(location.search).has("done")) {
  const url = new URL(location.href);
  url.searchParams.delete("done");
  history.replaceState(history.state, "", url.href);
  const said = main?.querySelector(':scope > .banner[role="status"]');
  if (said) {
    said.setAttribute("data-kept", "");
    setTimeout(() => said.removeAttribute("data-kept"), 20_000);
  }
}

// ---- A form is sent once.

const submits = (form) => [...document.querySelectorAll("button, input[type=submit]")].filter((control) => control.form === form && control.type === "submit");

document.addEventListener("submit", (event) => {
  const form = event.target;
  const method = event.submitter?.getAttribute("formmethod") ?? form.getAttribute("method") ?? "get";
  if (event.defaultPrevented || method.toLowerCase() !== "post" || event.submitter?.formTarget) return;
  isLeaving = true;
  setTimeout(() => {
    for (const control of submits(form)) {
      if (control.disabled) continue;
      control.setAttribute("autocomplete", "off"); // Else Firefox keeps it disabled over a reload.
      control.setAttribute("data-sent", "");
      control.disabled = true;
    }
  }, 0);
});

addEventListener("pageshow", (event) => {
  isLeaving = false;
  for (const control of document.querySelectorAll("[data-sent]")) {
    control.removeAttribute("data-sent");
    control.disabled = false;
  }
  if (event.persisted) ask();
});

// ---- Copy, tick all, and the days of a strip by pointer.

async function copy(button) {
  const source = document.getElementById(button.getAttribute("data-copy"));
  if (source === null || button.hasAttribute("data-label")) return;
  try {
    await navigator.clipboard.writeText((source.matches("input, textarea") ? source.value : source.textContent).trim());
  } catch {
    return source.matches("input, textarea") ? source.select() : getSelection().selectAllChildren(source);
  }
  const label = button.textContent;
  button.setAttribute("data-label", label);
  button.textContent = body.dataset.copied ?? label;
  setTimeout(() => {
    button.textContent = label;
    button.removeAttribute("data-label");
  }, 2000);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button !== null) {
    event.preventDefault();
    copy(button);
  }
  const day = event.target.closest(".bars[tabindex] rect");
  if (day !== null) showDay(day.closest(".bars"), [...day.closest(".bars").querySelectorAll("rect")].indexOf(day));
});

document.addEventListener("change", (event) => {
  const at = event.target;
  const of = (selector) => [...document.querySelectorAll(selector)].filter((box) => box.form === at.form);
  const boxes = of("input[name=id]");
  if (at.matches("[data-all]")) for (const box of boxes) box.checked = at.checked;
  else if (boxes.includes(at)) for (const all of of("[data-all]")) all.checked = boxes.every((box) => box.checked);
});

// ---- A form with `data-preview` shows what it makes as it is typed.

let previewing = 0;

function preview(form) {
  const button = form?.querySelector("button[data-preview]");
  clearTimeout(previewing);
  if (button) previewing = setTimeout(() => { if (form.checkValidity()) form.requestSubmit(button); }, 500);
}

document.addEventListener("input", (event) => preview(event.target.form));
preview(document.querySelector("form[data-preview]"));

// ---- Keys, and the day that each strip shows.

const days = new WeakMap();

function showDay(strip, at) {
  const rects = [...strip.querySelectorAll("rect")];
  if (rects.length === 0) return;
  const index = Math.min(Math.max(at, 0), rects.length - 1);
  days.set(strip, index);
  rects.forEach((rect, each) => rect.classList.toggle("here", each === index));
  let says = strip.nextElementSibling;
  if (says === null || !says.matches(".bars-says")) {
    says = own("bars-says", "aria-live", "polite");
    strip.after(says);
  }
  const text = rects[index].querySelector("title")?.textContent ?? "";
  if (says.textContent !== text) says.textContent = text;
}

function moveDay(event, strip) {
  const last = strip.querySelectorAll("rect").length - 1;
  const here = days.get(strip);
  const to = { ArrowLeft: (here ?? last + 1) - 1, ArrowRight: (here ?? last - 1) + 1, Home: 0, End: last }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  showDay(strip, to);
}

document.addEventListener("keydown", (event) => {
  const at = event.target;
  if (event.defaultPrevented || event.isComposing || !(at instanceof Element)) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && at.matches("textarea")) {
    event.preventDefault();
    return at.form ? submits(at.form)[0]?.click() : undefined;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && at.matches("input[type=search]")) return at.blur();
  const strip = at.closest(".bars[tabindex]");
  if (strip !== null) moveDay(event, strip);
  if (at.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]")) return;
  const search = document.querySelector("input[type=search]");
  if (event.key === "n") document.querySelector("a[data-key=n]")?.click();
  if (event.key !== "/" || search === null) return;
  event.preventDefault();
  search.focus();
  search.select();
});
