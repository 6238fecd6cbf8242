"use strict";
// One state for all crops (which two versions, view, zoom); each crop keeps its divider and its place.
(() => {
  const { side, crops } = JSON.parse(document.getElementById("pictures").textContent);
  const root = document.documentElement;
  const [left, right, gain, level] = ["left", "right", "gain", "level"].map((id) => document.getElementById(id));
  const names = [...left.options].map((option) => option.text);
  const levels = [1, 1.5, 2, 3, 4, 6, 8, 12];
  const cards = [...document.querySelectorAll(".crop")].map((element, index) => ({
    element, index, near: false, x: 0.5, y: 0.5,
    stage: element.querySelector(".stage"), wall: element.querySelector(".wall"),
    range: element.querySelector("input"), surface: element.querySelector(".surface"),
    panes: [...element.querySelectorAll(".pane img")], tags: [...element.querySelectorAll(".tag")],
  }));
  const cardOf = (element) => cards[cards.findIndex((card) => card.element.contains(element))];
  let mode = "slide", zoom = 1, scale = 1;

  // Which pictures: only crops near the window hold decoded ones.
  function show(card) {
    const chosen = [left.selectedIndex, right.selectedIndex];
    chosen.forEach((version, at) => {
      card.tags[at].textContent = names[version];
      if (card.near) picture(card.panes[at], card, version);
    });
    card.range.setAttribute("aria-valuetext", `${card.range.value} % ${names[chosen[0]]}`);
    for (const row of card.element.querySelectorAll("[data-version]")) mark(row, row.dataset.version);
    if (mode === "all" && card.near) fill(card);
    for (const view of card.wall.children) mark(view, view.dataset.version);
  }
  function mark(element, name) {
    element.classList.toggle("is-left", name === left.value);
    element.classList.toggle("is-right", name === right.value);
  }
  function picture(image, card, version) {
    const source = crops[card.index][version];
    if (image.getAttribute("src") !== source) image.src = source;
    image.alt = `Crop ${card.index + 1}, ${names[version]}`;
  }
  function fill(card) {
    if (card.wall.children.length) return;
    names.forEach((name, version) => {
      const view = document.createElement("div"), image = document.createElement("img"), label = document.createElement("b");
      view.className = "view";
      view.dataset.version = label.textContent = name;
      image.draggable = false;
      picture(image, card, version);
      view.append(image, label);
      card.wall.append(view);
    });
  }
  const watch = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const card = cardOf(target);
      card.near = isIntersecting;
      if (isIntersecting) show(card);
      else {
        card.wall.replaceChildren();
        card.panes.forEach((image) => image.removeAttribute("src"));
      }
    }
  }, { rootMargin: "800px 0px" });

  function showAll() { cards.forEach(show); }
  function choose(select, index) {
    if (index < 0 || index >= names.length) return;
    select.selectedIndex = index;
    showAll();
  }
  function swap() {
    [left.selectedIndex, right.selectedIndex] = [right.selectedIndex, left.selectedIndex];
    showAll();
  }
  function view(name) {
    root.dataset.mode = mode = name;
    for (const button of document.querySelectorAll("[data-mode][aria-pressed]"))
      button.setAttribute("aria-pressed", button.dataset.mode === name);
    for (const card of cards) card.wall.hidden = name !== "all";
    showAll();
  }

  // Where: a crop's x and y are the point of it in the middle, 0 to 1; all versions of it follow the same two numbers.
  function place(card, x, y) {
    const edge = 0.5 / zoom;
    card.x = Math.min(Math.max(x, edge), 1 - edge);
    card.y = Math.min(Math.max(y, edge), 1 - edge);
    card.element.style.setProperty("--x", card.x);
    card.element.style.setProperty("--y", card.y);
  }
  function zoomTo(value, card, at) {
    const before = zoom;
    zoom = Math.min(Math.max(value, 1), levels.at(-1));
    root.style.setProperty("--zoom", zoom);
    root.toggleAttribute("data-zoomed", zoom > 1);
    level.textContent = `${+(scale * zoom).toFixed(1)}×`;
    for (const each of cards) {
      const [u, v] = each === card ? at : [0.5, 0.5];
      place(each, each.x + (u - 0.5) * (1 / before - 1 / zoom), each.y + (v - 0.5) * (1 / before - 1 / zoom));
    }
  }
  function zoomBy(steps) {
    const at = levels.findIndex((value) => value >= zoom - 1e-6);
    const below = steps < 0 && levels[at] > zoom + 1e-6 ? at : at + steps;
    zoomTo(levels[Math.min(Math.max(below, 0), levels.length - 1)]);
  }
  function split(card, percent) {
    card.range.value = Math.min(Math.max(percent, 0), 100);
    card.stage.style.setProperty("--split", card.range.value);
    card.range.setAttribute("aria-valuetext", `${card.range.value} % ${left.value}`);
  }

  // A crop's pixel covers a whole number of the screen's, so that none is wider than its neighbour.
  function fit() {
    const room = root.clientWidth, inner = Math.min(room - 48, 1176), ratio = window.devicePixelRatio || 1;
    const width = inner >= 960 ? (inner - 24) / 2 : room > 720 ? Math.min(inner, 720) : room;
    scale = Math.max(1, Math.floor((width * ratio) / side + 1e-6)) / ratio;
    root.style.setProperty("--stage", `${scale * side}px`);
    root.style.setProperty("--columns", scale * side >= 420 ? 3 : 2);
    zoomTo(zoom);
  }

  // Pointers: one moves the divider or the picture, two pinch.
  const pointers = new Map();
  let grip = null;
  const within = (box, x, y) => [(x - box.left) / box.width, (y - box.top) / box.height];
  const spread = () => {
    const [a, b] = [...pointers.values()];
    return { size: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  };
  function down(event) {
    const frame = event.target.closest(".stage, .view");
    if (!frame || event.button) return;
    const card = cardOf(frame), box = frame.getBoundingClientRect();
    frame.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (pointers.size === 2) {
      grip = { kind: "pinch", card, box, zoom, size: spread().size };
      return;
    }
    const rule = box.left + (box.width * card.range.value) / 100;
    const divides = mode === "slide" && (zoom === 1 || Math.abs(event.clientX - rule) < 24);
    grip = { kind: divides ? "split" : "pan", card, box };
    if (divides && event.pointerType !== "touch") split(card, 100 * within(box, event.clientX, 0)[0]);
  }
  function move(event) {
    const last = pointers.get(event.pointerId);
    if (!last || !grip) return;
    const { card, box } = grip, dx = event.clientX - last.x, dy = event.clientY - last.y;
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (grip.kind === "pinch" && pointers.size === 2) {
      const now = spread();
      zoomTo((grip.zoom * now.size) / grip.size, card, within(box, now.x, now.y));
    } else if (grip.kind === "split") split(card, 100 * within(box, event.clientX, 0)[0]);
    else if (grip.kind === "pan") place(card, card.x - dx / box.width / zoom, card.y - dy / box.height / zoom);
  }
  function up(event) {
    pointers.delete(event.pointerId);
    if (!pointers.size || (grip && grip.kind === "pinch")) grip = null;
  }
  const main = document.querySelector("main");
  main.addEventListener("pointerdown", down);
  main.addEventListener("pointermove", move);
  for (const name of ["pointerup", "pointercancel"]) main.addEventListener(name, up);
  main.addEventListener("input", (event) => split(cardOf(event.target), event.target.value));
  main.addEventListener("wheel", (event) => {
    const frame = event.target.closest(".stage, .view");
    if (!frame || !event.ctrlKey) return;
    event.preventDefault();
    const at = within(frame.getBoundingClientRect(), event.clientX, event.clientY);
    zoomTo(zoom * Math.exp(-event.deltaY / 200), cardOf(frame), at);
  }, { passive: false });
  main.addEventListener("dblclick", (event) => {
    const frame = event.target.closest(".stage, .view");
    if (!frame) return;
    const at = within(frame.getBoundingClientRect(), event.clientX, event.clientY);
    zoomTo(zoom > 1 ? 1 : 3, cardOf(frame), at);
  });

  // Keys.
  function step(by) {
    const middle = window.innerHeight / 2;
    const here = cards.findIndex((card) => card.element.contains(document.activeElement));
    const seen = cards.findIndex((card) => card.element.getBoundingClientRect().bottom > middle);
    const next = cards[here < 0 ? Math.max(seen, 0) : here + by];
    if (!next) return;
    next.element.scrollIntoView({ block: "nearest" });
    next.surface.focus({ preventScroll: true });
  }
  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const keys = {
    x: swap, s: () => view("slide"), a: () => view("all"), d: () => view("difference"), j: () => step(1), k: () => step(-1),
    "+": () => zoomBy(1), "=": () => zoomBy(1), "-": () => zoomBy(-1), "−": () => zoomBy(-1), 0: () => zoomTo(1),
    f: () => root.toggleAttribute("data-flip", true),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "SELECT") return;
    const card = cardOf(event.target), way = arrows[event.key], digit = /^Digit([1-9])$/.exec(event.code);
    if (card && way && (event.shiftKey || (event.target === card.surface && way[0]))) {
      if (event.shiftKey) place(card, card.x + (way[0] * 0.1) / zoom, card.y + (way[1] * 0.1) / zoom);
      else split(card, +card.range.value + 2 * way[0]);
    } else if (digit) choose(event.shiftKey ? left : right, digit[1] - 1);
    else if (keys[event.key.toLowerCase()]) keys[event.key.toLowerCase()]();
    else return;
    event.preventDefault();
  });
  document.addEventListener("keyup", (event) => {
    if (event.key.toLowerCase() === "f") root.removeAttribute("data-flip");
  });
  window.addEventListener("blur", () => root.removeAttribute("data-flip"));

  for (const select of [left, right]) select.addEventListener("change", showAll);
  gain.addEventListener("change", () => root.style.setProperty("--gain", gain.value));
  document.getElementById("swap").addEventListener("click", swap);
  document.getElementById("in").addEventListener("click", () => zoomBy(1));
  document.getElementById("out").addEventListener("click", () => zoomBy(-1));
  document.querySelector(".modes").addEventListener("click", (event) => event.target.dataset.mode && view(event.target.dataset.mode));
  window.addEventListener("resize", fit);
  root.style.setProperty("--gain", gain.value);
  fit();
  view("slide");
  for (const card of cards) watch.observe(card.element);
  root.dataset.ready = Math.round(performance.now());
})();
