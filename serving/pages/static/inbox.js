// The time left to answer goes down while the page is open.
"use strict";
const shown = [...document.querySelectorAll("[data-until]")];
const tick = () => {
  for (const one of shown) {
    const minutes = Math.floor((Number(one.dataset.until) / 1000 - Date.now()) / 60000);
    const words = minutes < 0 ? one.dataset.over : minutes < 60 ? one.dataset.minutes : one.dataset.hours;
    one.textContent = words.replace("H", String(Math.floor(minutes / 60))).replace("M", String(minutes < 60 ? minutes : minutes % 60));
  }
};
if (shown.length) setInterval(tick, 20_000);
