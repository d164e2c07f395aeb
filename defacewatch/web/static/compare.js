"use strict";
// Before and after under a slider, and the difference in words where it is asked for. Without this both
// pictures stand side by side, and the words are on a page of their own.
(() => {
  // A few differences are made at once: those for which there was no time (503) are asked for again.
  const PAUSE = 10_000; // milliseconds
  const TIMES = 5;
  const later = (work) => setTimeout(() => work().catch(() => {}), PAUSE);
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
  const asked = (address) => fetch(address, { credentials: "same-origin", cache: "no-store" });
  const fill = async (times = TIMES) => {
    const answer = await asked(words.dataset.from);
    if (answer.status === 503 && times > 0) later(() => fill(times - 1));
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("words");
    if (fresh) words.replaceChildren(...document.adoptNode(fresh).childNodes);
  };
  // A picture that fails does not say why: that is asked before it is shown again.
  const failed = new WeakSet();
  const show = async (picture, times = TIMES) => {
    const answer = await asked(picture.src);
    if (answer.ok) picture.src = picture.getAttribute("src");
    else if (answer.status === 503 && times > 1) later(() => show(picture, times - 1));
  };
  const pictureFailed = ({ target }) => {
    if (!target.matches?.(".overlay img") || failed.has(target)) return;
    failed.add(target);
    later(() => show(target));
  };
  document.addEventListener("error", pictureFailed, true); // which does not bubble
  document.addEventListener("refreshed", ready);
  ready();
  if (words) fill().catch(() => {});
})();
