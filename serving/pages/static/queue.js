// The queue by keyboard: everything here can be done without it too.
"use strict";
const list = document.getElementById("queue");
if (list) {
  const orders = [...list.children];
  let at = -1;

  const stand = (index) => {
    if (at >= 0) orders[at].classList.remove("here");
    at = Math.max(0, Math.min(orders.length - 1, index));
    orders[at].classList.add("here");
    orders[at].focus({ preventScroll: true });
    orders[at].scrollIntoView({ block: "nearest" });
  };
  const press = (key) => {
    const button = orders[at].querySelector(`[data-key="${key}"]`);
    if (button) button.click();
  };
  const keys = {
    j: () => stand(at + 1),
    k: () => stand(at - 1),
    t: () => { const box = orders[at].querySelector("input[type=checkbox]"); box.checked = !box.checked; },
    n: () => { orders[at].querySelector("details").open = true; orders[at].querySelector("input[name=note]").focus(); },
    o: () => orders[at].querySelector("h2 a").click(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input:not([type=checkbox]), select, textarea")) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key !== "j" && at < 0) return;
    if (keys[key]) { event.preventDefault(); keys[key](); } else if ("srx1234".includes(key)) { event.preventDefault(); press(key); }
  });
  list.addEventListener("focusin", (event) => {
    const index = orders.indexOf(event.target.closest("li.order"));
    if (index >= 0 && index !== at) { if (at >= 0) orders[at].classList.remove("here"); at = index; orders[at].classList.add("here"); }
  });
  document.getElementById("all").addEventListener("change", (event) => {
    for (const box of list.querySelectorAll("input[name=order][type=checkbox]")) box.checked = event.target.checked;
  });
}
