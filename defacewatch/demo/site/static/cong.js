"use strict";
// The parts of a portal that move by themselves: clock, slider, visitor counter.
(() => {
  const days = ["Chủ nhật", "Thứ hai", "Thứ ba", "Thứ tư", "Thứ năm", "Thứ sáu", "Thứ bảy"];
  const two = (n) => String(n).padStart(2, "0");
  const clock = document.getElementById("clock");
  const tick = () => {
    const t = new Date();
    clock.textContent = `${days[t.getDay()]}, ${two(t.getDate())}/${two(t.getMonth() + 1)}/${t.getFullYear()}, ` +
      `${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}`;
  };
  tick();
  setInterval(tick, 1000);

  const slider = document.getElementById("slider");
  if (slider) {
    const slides = [...slider.querySelectorAll(".slide")];
    const dots = [...slider.querySelectorAll(".dots button")];
    let at = 0;
    const show = (next) => {
      for (const list of [slides, dots]) {
        list[at].classList.remove("on");
        list[next].classList.add("on");
      }
      at = next;
    };
    dots.forEach((dot, i) => dot.addEventListener("click", () => show(i)));
    setInterval(() => show((at + 1) % slides.length), Number(slider.dataset.every));
  }

  fetch("/truy-cap.json").then((r) => r.json()).then((visits) => {
    for (const place of document.querySelectorAll("[data-count]")) {
      place.textContent = visits[place.dataset.count].toLocaleString("vi-VN");
    }
  });
})();
