// What makes the page quicker: dragging, keys, live progress and the film. Every change is a form of the page itself.
"use strict";

function inField(target) {
  return target.closest("input, textarea, select");
}

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || inField(event.target)) return;
  const key = event.key.toLowerCase();
  const button = key === "y" || (key === "z" && event.shiftKey) ? "redo" : key === "z" ? "undo" : null;
  const found = button && document.getElementById(button);
  if (!found) return;
  event.preventDefault();
  if (!found.disabled) found.click();
});

let dragged = null;
document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest(".edited > li");
  if (dragged) event.dataTransfer.effectAllowed = "move";
});
document.addEventListener("dragover", (event) => {
  if (dragged && event.target.closest(".edited > li")) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  const onto = event.target.closest(".edited > li");
  if (!dragged || !onto || dragged === onto) return;
  event.preventDefault();
  const form = dragged.querySelector("form.drop");
  form.elements.to.value = onto.dataset.at;
  form.requestSubmit();
  dragged = null;
});

function play() {
  const panels = [...document.querySelectorAll(".edited > li")].filter((panel) => panel.querySelector("img"));
  const film = document.getElementById("film");
  let timer = 0;
  const show = (at) => {
    if (at >= panels.length) return film.close();
    film.querySelector("img").src = panels[at].querySelector("img").src;
    film.querySelector("p").textContent = panels[at].dataset.words;
    timer = setTimeout(() => show(at + 1), Number(panels[at].dataset.seconds) * 1000);
  };
  film.querySelector("button").onclick = () => film.close();
  film.onclose = () => clearTimeout(timer);
  film.showModal();
  show(0);
}

function watch(element) {
  const source = new EventSource(element.dataset.events);
  source.addEventListener("progress", (event) => {
    const job = JSON.parse(event.data);
    element.querySelector("progress").max = job.num_panels;
    element.querySelector("progress").value = job.num_drawn;
    element.querySelector("[role=status]").textContent =
      job.state === "waiting" ? "Waiting for the pen…" : `Drawn: ${job.num_drawn} of ${job.num_panels} panels`;
    const strip = element.querySelector(".strip");
    for (const panel of job.panels.slice(strip.children.length)) {
      const picture = document.createElement("img");
      picture.src = panel.picture;
      picture.alt = `Board ${panel.candidate + 1}, panel ${panel.panel + 1}`;
      strip.append(picture);
    }
  });
  source.addEventListener("end", () => {
    source.close();
    location.reload();
  });
}

function ready() {
  for (const panel of document.querySelectorAll(".edited > li")) panel.draggable = true;
  const button = document.getElementById("play");
  if (button) {
    button.hidden = false;
    button.onclick = play;
  }
}

document.addEventListener("DOMContentLoaded", () => {
  ready();
  document.querySelectorAll("[data-events]").forEach(watch);
});
document.addEventListener("htmx:afterSettle", ready);
