"use strict";
// Asks the sandbox twice a second what has happened, and draws only what has changed.
const at = (id) => document.getElementById(id);
const stages = { awaiting: "Waiting for the customer", confirmed: "Confirmed by the customer", corrected: "Corrected, decided anew",
  released: "Released for dispatch", held: "Held for a person", cancelled: "Cancelled", silent: "No answer",
  switched_to_prepaid: "Paid in advance", refused: "Refused", blocked: "Not shipped", in_transit: "With the courier",
  ndr: "Delivery failed", delivered: "Delivered", rto: "Coming back", scored: "Scored", lost: "Lost", returned: "Returned" };
let last = "", chosen = "", state = { phones: [], fault: "" };

const element = (name, text, kind) => {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
};

const ask = async (path, body) => {
  const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json", "X-Sandbox": "1" },
    body: JSON.stringify(body || {}) });
  const said = await answer.json();
  if (!answer.ok) at("says").textContent = said.detail;
  await look();
  return said;
};

const line = (one, open) => {
  const made = element("li", undefined, one.from);
  if (one.picture) {
    const image = element("img");
    image.src = one.picture;
    image.alt = "The product";
    made.append(image);
  }
  made.append(element("span", one.text));
  one.buttons.forEach((title, button) => {
    const key = element("button", title);
    key.type = "button";
    key.disabled = !open;
    key.addEventListener("click", () => ask("/play", { message: one.id, button }));
    made.append(key);
  });
  (one.links || []).forEach((link) => {
    const key = element("button", link.title);
    key.type = "button";
    key.disabled = !link.open;
    key.addEventListener("click", () => ask("/pay", { link: link.id, partly: link.partly }));
    made.append(key);
  });
  return made;
};

const drawPhone = (phone) => {
  at("number").textContent = phone ? "+" + phone.phone : "No message yet";
  const lines = phone ? phone.lines : [];
  // What was answered is answered once, as on a real phone.
  const answered = lines.map((one) => one.from).lastIndexOf("customer");
  at("lines").replaceChildren(...lines.map((one, place) => line(one, place > answered)));
  at("lines").scrollTop = at("lines").scrollHeight;
};

const drawOrder = (order) => {
  at("order").textContent = order ? "Order " + order.order_id + (order.revision ? ", corrected " + order.revision + "×" : "") : "The order";
  const decision = order ? order.decision : {};
  at("stage").textContent = order ? stages[order.stage] + " · dispatch: " + decision.dispatch : "";
  at("stage").className = "stage " + (decision.dispatch || "");
  at("risk").textContent = order ? "Risk " + order.risks.map((risk) => (100 * risk).toFixed(1) + " %").join(" → ") + " · " + decision.action : "";
  at("courier").hidden = !order || decision.dispatch !== "go";
  const reasons = order ? decision.reasons || [] : [];
  at("reasons").replaceChildren(...reasons.slice(0, 4).map((one) => element("li", (one.impact > 0 ? "+" : "−") +
    Math.abs(100 * one.impact).toFixed(1) + "  " + one.text)));
  const facts = order ? Object.entries(order.order).filter(([, value]) => value !== null) : [];
  at("facts").replaceChildren(...facts.flatMap(([name, value]) => [element("dt", name.replaceAll("_", " ")), element("dd", name.startsWith("amount") ? "₹" + Number(value).toLocaleString("en-IN") : value)]));
  const events = order ? order.events : [];
  at("events").replaceChildren(...events.map((one) => {
    const made = element("li", one.event.replaceAll("_", " ") + " ");
    made.append(element("span", [one.detail, one.at.slice(11, 19)].filter(Boolean).join(" · "), "soft"));
    return made;
  }));
};

const draw = () => {
  const phones = state.phones.map((phone) => phone.phone);
  if (!phones.includes(chosen)) chosen = phones[0] || "";
  at("who").replaceChildren(...phones.map((phone) => {
    const made = element("option", "+" + phone);
    made.value = phone;
    made.selected = phone === chosen;
    return made;
  }));
  at("fault").value = state.fault;
  const phone = state.phones.find((one) => one.phone === chosen);
  drawPhone(phone);
  drawOrder(phone ? phone.order : null);
};

async function look() {
  try {
    const text = await (await fetch("/state")).text();
    const said = JSON.parse(text);
    if (text === last || !said.phones) return;
    const fresh = said.phones.length && (!state.phones.length || said.phones[0].phone !== state.phones[0].phone);
    last = text;
    state = said;
    if (fresh) chosen = said.phones[0].phone;
    draw();
  } catch {
    at("says").textContent = "The sandbox does not answer; is the demo still running?";
  }
}

at("who").addEventListener("change", (event) => { chosen = event.target.value; draw(); });
at("fault").addEventListener("change", (event) => ask("/fault", { fault: event.target.value }));
at("place").addEventListener("click", async () => {
  at("says").textContent = "Placing an order …";
  const said = await ask("/order");
  at("says").textContent = said.order_id ? "Placed " + said.order_id + "; the message follows within a second."
    : "None of ten orders needed a question; place another.";
});
at("write").addEventListener("submit", (event) => {
  event.preventDefault();
  const phone = state.phones.find((one) => one.phone === chosen);
  const text = at("text").value.trim();
  if (!phone || !text) return;
  const shop = phone.lines.filter((one) => one.from === "shop");
  at("text").value = "";
  ask("/play", { message: shop[shop.length - 1].id, text });
});
at("courier").addEventListener("click", (event) => {
  const phone = state.phones.find((one) => one.phone === chosen);
  const status = event.target.dataset.scan;
  if (phone && phone.order && status) ask("/scan", { order: phone.order.order_id, status });
});
setInterval(look, 500);
look();
