// What makes the page quicker: dragging, keys, fields that save themselves, live progress and the film. Every change is
// a form of the page itself. All words come from the page.
"use strict";

document.documentElement.classList.add("scripted");
const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const inField = (target) => target.closest("input, textarea, select");

// Undo and redo by keys, outside of fields: inside they belong to the field.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.closest(".fields")) {
    event.preventDefault();
    return event.target.form.requestSubmit();
  }
  if (!(event.ctrlKey || event.metaKey) || inField(event.target)) return;
  const key = event.key.toLowerCase();
  const button = key === "y" || (key === "z" && event.shiftKey) ? "redo" : key === "z" ? "undo" : null;
  const found = button && document.getElementById(button);
  if (!found) return;
  event.preventDefault();
  if (!found.disabled) found.click();
});

// Dragging a panel onto another puts it there.
let dragged = null;
const panelOf = (event) => event.target.closest && event.target.closest(".edited > li");
document.addEventListener("dragstart", (event) => {
  dragged = inField(event.target) ? null : panelOf(event);
  if (dragged) event.dataTransfer.effectAllowed = "move";
});
document.addEventListener("dragover", (event) => {
  const onto = panelOf(event);
  document.querySelectorAll(".onto").forEach((one) => one.classList.toggle("onto", one === onto));
  if (!dragged || !onto) return;
  event.preventDefault();
  if (onto !== dragged) onto.classList.add("onto");
});
document.addEventListener("dragend", () => document.querySelectorAll(".onto").forEach((one) => one.classList.remove("onto")));
document.addEventListener("drop", (event) => {
  const onto = panelOf(event);
  if (!dragged || !onto || dragged === onto) return;
  event.preventDefault();
  const form = dragged.querySelector("form.drop");
  form.elements.to.value = onto.dataset.at;
  form.requestSubmit();
  dragged = null;
});

// The fields of a panel are saved when they are left; what is being written elsewhere outlives the answer, and a button
// that is pressed meanwhile waits until they are saved.
let sending = null, next = null, unsaved = [], opened = [];
document.addEventListener("input", (event) => {
  const field = event.target;
  if (!field.id || !field.closest("#editor")) return;
  field.dataset.dirty = "yes";
  if (field.form.classList.contains("fields")) field.form.classList.add("dirty");
});
const save = (form) => {
  if (form.isConnected && form.classList.contains("dirty") && !form.classList.contains("sent") && form.reportValidity()) form.requestSubmit();
};
document.addEventListener("focusout", (event) => {
  const form = event.target.closest && event.target.closest(".fields.dirty");
  if (form && !form.contains(event.relatedTarget)) setTimeout(() => save(form));
});
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target, dirty = document.querySelector(".fields.dirty"), button = event.submitter;
    if (dirty && dirty !== form && button && form.closest("#editor")) {
      event.preventDefault();
      event.stopImmediatePropagation();
      const [kind, name] = button.id ? ["id", button.id] : ["aria-label", button.getAttribute("aria-label")];
      next = name ? `[${kind}="${CSS.escape(name)}"]` : null;
      return save(dirty);
    }
    sending = form;
    if (form.classList.contains("fields")) form.classList.add("sent");
  },
  true,
);
document.addEventListener("htmx:beforeSwap", (event) => {
  const kept = event.detail.xhr.status < 400 ? sending : null; // what was refused is still unsaved
  if (!kept) next = null;
  const dirty = [...document.querySelectorAll("#editor [data-dirty]")].filter((field) => field.form !== kept);
  unsaved = dirty.map((field) => ({ id: field.id, value: field.value, at: field.selectionStart }));
  opened = [...document.querySelectorAll("#editor details[id][open]")].map((one) => one.id);
});
document.addEventListener("htmx:afterSwap", () => {
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  for (const { id, value, at } of unsaved) {
    const field = document.getElementById(id);
    if (!field) continue;
    field.value = value;
    if (document.activeElement === field && at !== null && field.setSelectionRange) field.setSelectionRange(at, at);
    field.dataset.dirty = "yes";
    if (field.form.classList.contains("fields")) field.form.classList.add("dirty");
  }
  [unsaved, opened] = [[], []];
});
document.addEventListener("htmx:afterSettle", () => {
  const button = next && document.querySelector(next);
  next = null;
  if (button) button.click();
});

// Whether somebody else changed the board meanwhile.
setInterval(async () => {
  const editor = document.querySelector("#editor[data-board]");
  if (!editor || document.hidden) return;
  const tag = `"${editor.dataset.version}"`;
  const answer = await fetch(`/api/v1/boards/${editor.dataset.board}`, { headers: { "If-None-Match": tag } }).catch(() => null);
  const changed = Boolean(answer && answer.status === 200 && answer.headers.get("ETag") !== tag);
  if (editor.isConnected && changed) editor.querySelector(".newer").hidden = false;
}, 3000);

// The film: every panel for as long as it stands, with its camera's move.
const MOVES = {
  "zoom in": ["scale(1)", "scale(1.18)"],
  "zoom out": ["scale(1.18)", "scale(1)"],
  dolly: ["scale(1.02)", "scale(1.14)"],
  pan: ["scale(1.14) translateX(5%)", "scale(1.14) translateX(-5%)"],
  truck: ["scale(1.14) translateX(-5%)", "scale(1.14) translateX(5%)"],
  tracking: ["scale(1.12) translateX(4%)", "scale(1.12) translateX(-4%)"],
  tilt: ["scale(1.14) translateY(5%)", "scale(1.14) translateY(-5%)"],
};

function play() {
  const panels = [...document.querySelectorAll(".panels > li[data-seconds]")].filter((panel) => panel.querySelector("img"));
  const film = document.getElementById("film");
  if (!panels.length) return;
  const [picture, caption, bar, at] = ["img", ".caption", "progress", ".at"].map((name) => film.querySelector(name));
  const lengths = panels.map((panel) => Number(panel.dataset.seconds));
  const whole = lengths.reduce((sum, one) => sum + one, 0);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const pause = film.querySelector("[data-film=pause]");
  let index = 0, gone = 0, last = performance.now(), running = true, camera = null;
  const show = (number) => {
    if (number >= panels.length) return film.close();
    index = Math.max(0, number);
    gone = 0;
    picture.src = panels[index].querySelector("img").src;
    picture.alt = panels[index].querySelector("img").alt;
    caption.textContent = panels[index].dataset.words;
    camera?.cancel();
    const move = !still && MOVES[panels[index].dataset.move];
    camera = move ? picture.animate({ transform: move }, { duration: lengths[index] * 1000, fill: "forwards", easing: "ease-in-out" }) : null;
    if (!running) camera?.pause();
  };
  const hold = () => {
    running = !running;
    pause.setAttribute("aria-pressed", String(!running));
    if (running) camera?.play();
    else camera?.pause();
  };
  const tick = (now) => {
    if (!film.open) return;
    if (running) gone += (now - last) / 1000;
    last = now;
    if (gone >= lengths[index]) show(index + 1);
    bar.value = (lengths.slice(0, index).reduce((sum, one) => sum + one, 0) + Math.min(gone, lengths[index])) / whole;
    at.textContent = `${index + 1} / ${panels.length}`;
    requestAnimationFrame(tick);
  };
  const acts = { back: () => show(index - 1), next: () => show(index + 1), pause: hold, close: () => film.close() };
  film.onclick = (event) => acts[event.target.closest("[data-film]")?.dataset.film]?.();
  film.onkeydown = (event) => {
    const act = { ArrowLeft: acts.back, ArrowRight: acts.next, " ": acts.pause }[event.key];
    if (!act || (event.key === " " && event.target.closest("button"))) return;
    event.preventDefault();
    act();
  };
  pause.setAttribute("aria-pressed", "false");
  film.showModal();
  show(0);
  requestAnimationFrame(tick);
}

// A job that goes on: each panel takes its place as it is finished.
function watch(element) {
  if (element.dataset.watched) return;
  element.dataset.watched = "yes";
  const source = new EventSource(element.dataset.events);
  const seen = new Map();
  source.addEventListener("progress", (event) => {
    const job = JSON.parse(event.data);
    const bar = element.querySelector("progress");
    if (bar.hasAttribute("max")) bar.value = job.num_drawn;
    const done = bar.hasAttribute("max") ? `${job.num_drawn} / ${job.num_panels}` : String(job.num_drawn);
    element.querySelector("[role=status]").textContent = job.state === "waiting" ? element.dataset.waiting : filled(element.dataset.drawn, { done });
    for (const panel of job.panels) {
      const name = `${panel.candidate}-${panel.panel}`;
      const picture = seen.get(name) || document.createElement("img");
      if (!seen.has(name)) {
        (element.querySelector(`[data-at="${name}"]`) || element.querySelector(".strip")).append(picture);
        picture.alt = filled(element.dataset.slot, { board: panel.candidate + 1, panel: panel.panel + 1 });
        seen.set(name, picture);
      }
      if (picture.getAttribute("src") !== panel.picture) picture.src = panel.picture;
    }
  });
  source.addEventListener("end", () => {
    source.close();
    location.reload();
  });
}

// A comment can be pinned to a spot: with its form open, a click on the picture says where.
function pin(panel) {
  const form = panel.querySelector(".say-it");
  const picture = panel.querySelector(".pinned");
  const holder = panel.querySelector(".comment-on");
  if (!form || !picture || !picture.querySelector("img")) return;
  holder.querySelector(".spot").hidden = false;
  holder.addEventListener("toggle", () => picture.classList.toggle("picking", holder.open));
  picture.onclick = (event) => {
    if (!holder.open) return;
    const box = picture.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    form.elements.x.value = x.toFixed(3);
    form.elements.y.value = y.toFixed(3);
    const pins = picture.querySelector(".pins");
    pins.querySelector("[data-new]")?.remove();
    const dot = document.createElementNS("http://www.w3.org/2000/svg", "circle");
    for (const [name, value] of Object.entries({ cx: `${100 * x}%`, cy: `${100 * y}%`, r: 11, "data-new": "yes" })) dot.setAttribute(name, value);
    pins.append(dot);
    form.elements.words.focus();
  };
}

function ready() {
  for (const panel of document.querySelectorAll(".edited > li")) panel.draggable = true;
  // A field inside something that can be dragged is written in, not dragged.
  for (const field of document.querySelectorAll(".edited textarea, .edited input")) {
    field.onfocus = () => (field.closest("li").draggable = false);
    field.onblur = () => (field.closest("li").draggable = true);
  }
  const button = document.getElementById("play");
  if (button) {
    button.hidden = false;
    button.onclick = play;
  }
  document.querySelectorAll("[data-events]").forEach(watch);
}

document.addEventListener("DOMContentLoaded", () => {
  ready();
  document.querySelectorAll(".reviewed > li").forEach(pin);
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.onclick = async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.copied;
    };
  }
});
document.addEventListener("htmx:afterSettle", ready);
