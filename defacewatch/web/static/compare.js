"use strict";
// Before and after under a slider, and the difference in words where it is asked for. Without this both
// pictures stand side by side, and the words are on a page of their own.
(() => {
  // A few differences are made at once: those for which there was no time are asked for again.
  const AGAIN = [2, 4, 8, 15, 30]; // seconds
  const ready = () => {
    const slider = document.getElementById("slide");
    if (slider && !slider.dataset.ready) {
      slider.dataset.ready = "1";
      const stage = document.querySelector(".stage");
      const cut = () => stage.style.setProperty("--cut", `${slider.value}%`);
      slider.addEventListener("input", cut);
      cut();
      for (const hidden of document.querySelectorAll(".scripted")) hidden.hidden = false;
      if (matchMedia("(max-width: 760px)").matches) document.getElementById("as-slider").checked = true;
    }
  };
  const words = document.getElementById("words");
  const fill = async (pauses = AGAIN) => {
    const answer = await fetch(words.dataset.from, { credentials: "same-origin", cache: "no-store" });
    if (answer.status === 503 && pauses.length > 0) {
      setTimeout(() => fill(pauses.slice(1)).catch(() => {}), pauses[0] * 1000);
    }
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("words");
    if (fresh) words.replaceChildren(...document.adoptNode(fresh).childNodes);
  };
  const left = new WeakMap(); // pauses, by picture
  const pictureFailed = ({ target }) => {
    if (!target.matches?.(".overlay img")) return;
    const [pause, ...more] = left.get(target) ?? AGAIN;
    left.set(target, more);
    if (pause) setTimeout(() => target.setAttribute("src", target.getAttribute("src")), pause * 1000);
  };
  document.addEventListener("error", pictureFailed, true); // which does not bubble
  document.addEventListener("refreshed", ready);
  ready();
  if (words) fill().catch(() => {});
})();
