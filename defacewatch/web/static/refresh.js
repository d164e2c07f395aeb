"use strict";
// Keeps the parts of the page marked data-live up to date, and says so when that no longer works: a page that
// stands still must not look like one on which nothing happens. A page with a stream of news (wall.js) asks
// for them itself, and falls back to this.
const live = (() => {
  const EVERY = 1000 * (document.querySelector("[data-every]")?.dataset.every ?? 15);
  const offline = document.getElementById("offline");
  const stream = document.querySelector("[data-stream]");

  // What the server said last of each part: scripts change what stands in the page.
  const said = new Map();
  for (const part of document.querySelectorAll("[data-live]")) said.set(part.id, part.outerHTML);

  const alive = (well) => {
    offline.hidden = well;
    document.body.classList.toggle("cut-off", !well);
  };

  const refresh = async (all = false) => {
    const own = document.querySelector("link[rel=canonical]")?.href ?? location.href.split("#")[0];
    const answer = await fetch(own, {
      credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(Math.max(EVERY - 1000, 10000)),
    });
    if (answer.redirected) {
      location.reload();
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.title = fresh.title;
    for (const part of document.querySelectorAll("[data-live]")) {
      const next = fresh.getElementById(part.id);
      if (!next || (!all && next.outerHTML === said.get(part.id))) continue;
      said.set(part.id, next.outerHTML);
      part.replaceWith(document.adoptNode(next));
    }
    document.dispatchEvent(new Event("refreshed"));
  };

  const next = () => setTimeout(turn, EVERY);
  const turn = async () => {
    try {
      await refresh();
      alive(true);
    } catch {
      alive(false);
    }
    next();
  };
  if (!stream) next();
  return { alive, refresh, EVERY };
})();
