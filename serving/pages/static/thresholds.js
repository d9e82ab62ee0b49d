// Thresholds to drag: the server's sums by one per cent of risk price every setting at once.
"use strict";
const SVG = "http://www.w3.org/2000/svg";
const ACTIONS = ["ship", "verify", "prepaid", "hold", "block"];
const words = document.getElementById("words").dataset;
const form = document.getElementById("draft");
const rupees = new Intl.NumberFormat("en-IN", { style: "currency", currency: "INR", maximumFractionDigits: 0 });
const whole = new Intl.NumberFormat("en-IN", { maximumFractionDigits: 0 });

class Setting {
  constructor(section) {
    this.section = section;
    this.numbers = JSON.parse(section.dataset.numbers);
    this.inputs = Object.fromEntries([...section.querySelectorAll("input[data-action]")].map((i) => [i.dataset.action, i]));
    this.svg = section.querySelector("svg");
    this.bins = [...section.querySelectorAll("rect.bin")];
    this.finding = section.querySelector(".finding");
    this.handles = {};
    for (const action of Object.keys(this.inputs)) this.handles[action] = this.handle(action);
    for (const [action, input] of Object.entries(this.inputs)) {
      input.addEventListener("input", () => update());
      input.addEventListener("change", () => { this.push(action); update(); });
    }
    const locked = Object.values(this.inputs)[0].readOnly;
    for (const [name, pick] of [["advise", (i) => i.dataset.advised], ["undo", (i) => i.defaultValue]]) {
      const button = section.querySelector(`button.${name}`);
      button.hidden = locked;
      button.addEventListener("click", () => { for (const i of Object.values(this.inputs)) i.value = pick(i); update(); });
    }
  }

  value(action) {
    const text = this.inputs[action] ? this.inputs[action].value.trim() : "";
    return text === "" || Number.isNaN(Number(text)) ? null : Number(text);
  }

  actionAt(percent) {
    let found = "ship";
    for (const action of ACTIONS.slice(1)) {
      const begins = this.value(action);
      if (begins !== null && percent >= begins - 1e-9) found = action;
    }
    return found;
  }

  // Milder actions begin earlier: whoever is in the way is pushed along.
  push(moved) {
    const names = ACTIONS.filter((a) => this.inputs[a]);
    const at = names.indexOf(moved), mine = this.value(moved);
    if (mine === null) return;
    names.forEach((name, index) => {
      const theirs = this.value(name);
      if (theirs === null) return;
      if ((index < at && theirs > mine) || (index > at && theirs < mine)) this.inputs[name].value = mine;
    });
  }

  set(action, percent) {
    this.inputs[action].value = Math.max(1, Math.min(100, Math.round(percent)));
    this.push(action);
    update();
  }

  handle(action) {
    const group = document.createElementNS(SVG, "g");
    group.setAttribute("class", `handle ${action}-fill`);
    group.setAttribute("role", "slider");
    group.setAttribute("tabindex", "0");
    group.setAttribute("aria-label", `${words[action]} ${words.threshold}`);
    group.setAttribute("aria-valuemin", "1");
    group.setAttribute("aria-valuemax", "100");
    for (const [tag, attributes] of [
      ["rect", { x: -12, y: 0, width: 24, height: 172, fill: "transparent" }],
      ["rect", { x: -1, y: 12, width: 2, height: 158 }],
      ["circle", { cx: 0, cy: 11, r: 6 }],
    ]) {
      const part = document.createElementNS(SVG, tag);
      for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, value);
      group.append(part);
    }
    this.svg.querySelector(".handles").append(group);
    const locked = this.inputs[action].readOnly;
    group.addEventListener("pointerdown", (event) => { if (!locked) { group.setPointerCapture(event.pointerId); event.preventDefault(); group.focus(); } });
    group.addEventListener("pointermove", (event) => {
      if (!group.hasPointerCapture(event.pointerId)) return;
      const box = this.svg.getBoundingClientRect();
      this.set(action, (100 * (event.clientX - box.left)) / box.width);
    });
    group.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key];
      if (step && !locked) { event.preventDefault(); this.set(action, (this.value(action) ?? 100) + step); }
    });
    return group;
  }

  draw() {
    for (const [action, handle] of Object.entries(this.handles)) {
      const value = this.value(action);
      handle.style.display = value === null ? "none" : "";
      handle.setAttribute("transform", `translate(${6 * Math.min(100, value ?? 100)} 0)`);
      handle.setAttribute("aria-valuenow", value ?? 100);
      handle.setAttribute("aria-valuetext", `${value ?? 100}%`);
    }
    for (const bin of this.bins) bin.setAttribute("class", `bin ${this.actionAt(Number(bin.dataset.bin))}-fill`);
    const found = this.priced((percent) => this.actionAt(percent));
    for (const [action, input] of Object.entries(this.inputs)) {
      input.closest(".field").querySelector(".count-of").textContent = `${whole.format(found.orders[action])} ${words.orders}`;
    }
    const all = Object.values(found.orders).reduce((a, b) => a + b, 0);
    this.finding.textContent = all === 0 ? "" : words.finding
      .replace("{share}", `${Math.round((100 * found.orders.ship) / all)}%`)
      .replace("{risk}", found.orders.ship ? `${((100 * found.shipped) / found.orders.ship).toFixed(1)}%` : "0%");
    return found;
  }

  // What a choice of actions by risk would cost and do on these orders.
  priced(choose) {
    const found = { orders: Object.fromEntries(ACTIONS.map((a) => [a, 0])), paise: 0, untouched: 0, avoided: 0, bothered: 0, messages: 0, shipped: 0 };
    this.numbers.sums.forEach(([n, p, amount, both], bin) => {
      if (!n) return;
      const cost = ([good, goodA, bad, badA]) => good * (n - p) + goodA * (amount - both) + bad * p + badA * both;
      const action = choose(bin);
      found.orders[action] += n;
      found.paise += cost(this.numbers.costs[action]);
      found.untouched += cost(this.numbers.costs.ship);
      found.avoided += p * (this.numbers.avoided[action] ?? 0);
      if (action !== "ship") found.bothered += n - p;
      if (action === "ship") found.shipped += p;
      if (action === "verify" || action === "prepaid") found.messages += n;
    });
    return found;
  }

  inForce() {
    const now = this.numbers.now;
    return this.priced((percent) => ACTIONS.reduce((found, a) => (now[a] !== undefined && now[a] !== null && this.inputs[a] && percent >= now[a] - 1e-9 ? a : found), "ship"));
  }
}

const settings = [...document.querySelectorAll(".set")].map((section) => new Setting(section));

function update() {
  const drafts = settings.map((one) => one.draw()), today = settings.map((one) => one.inForce());
  const sum = (list, name) => list.reduce((total, one) => total + one[name], 0);
  const saved = (sum(drafts, "untouched") - sum(drafts, "paise")) / 100;
  const more = (sum(today, "paise") - sum(drafts, "paise")) / 100;
  const tiles = [
    [words.saved, rupees.format(saved).replace("-", "−")],
    [words.against, `${Math.round(more) > 0 ? "+" : Math.round(more) < 0 ? "−" : ""}${rupees.format(Math.abs(more))}`],
    [words.returns, whole.format(sum(drafts, "avoided"))],
    [words.bothered, whole.format(sum(drafts, "bothered"))],
    [words.messages, whole.format(sum(drafts, "messages"))],
  ];
  document.querySelector(".meaning").replaceChildren(...tiles.map(([label, value]) => {
    const tile = document.createElement("li");
    tile.className = "tile";
    for (const [kind, text] of [["label", label], ["value", value]]) {
      const part = document.createElement("div");
      part.className = kind;
      part.textContent = text;
      tile.append(part);
    }
    return tile;
  }));
}

const button = document.getElementById("simulate"), answer = document.getElementById("simulated");
button.hidden = false;
button.addEventListener("click", async () => {
  button.disabled = true;
  answer.textContent = words.wait;
  try {
    const response = await fetch(form.dataset.simulate, { method: "POST", body: new FormData(form) });
    if (!response.ok) throw new Error(response.status);
    answer.innerHTML = await response.text();
  } catch {
    answer.textContent = words.failed;
  }
  button.disabled = false;
});
update();
