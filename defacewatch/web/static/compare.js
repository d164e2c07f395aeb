"use strict";
// Before and after under a slider, and the difference in words where it is asked for. Without this both
// pictures stand side by side, and the words are on a page of their own.
(() => {
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
  const fill = async () => {
    const answer = await fetch(words.dataset.from, { credentials: "same-origin", cache: "no-store" });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("words");
    if (fresh) words.replaceChildren(...document.adoptNode(fresh).childNodes);
  };
  document.addEventListener("refreshed", ready);
  ready();
  if (words) fill().catch(() => {});
})();
