"use strict";
// Keeps the parts of the page marked data-live up to date, and says so when that no longer works: a page that
// stands still must not look like one on which nothing happens. A page with a stream of news (wall.js) asks
// for them itself, and falls back to this.
const live = (() => {
  const EVERY = 15000;
  const offline = document.getElementById("offline");
  const stream = document.querySelector("[data-stream]");

  const alive = (well) => {
    offline.hidden = well;
    document.body.classList.toggle("cut-off", !well);
  };

  const refresh = async () => {
    const answer = await fetch(location.href.split("#")[0], {
      credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(EVERY - 1000),
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
      if (next && next.outerHTML !== part.outerHTML) part.replaceWith(document.adoptNode(next));
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
