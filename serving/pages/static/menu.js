// On a phone the menu is wider than the screen: show where we are.
"use strict";
document.querySelector(".menu [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
