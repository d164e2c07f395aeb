"use strict";
// Keeps the parts of the page marked data-live up to date, and says so when that no longer works: a status
// page that stands still must not look like one on which nothing happens.
(() => {
  const EVERY = 15000;
  const offline = document.getElementById("offline");

  const refresh = async () => {
    const answer = await fetch(location.pathname, {
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
  };

  const turn = async () => {
    try {
      await refresh();
      offline.hidden = true;
    } catch {
      offline.hidden = false;
    }
    setTimeout(turn, EVERY);
  };
  setTimeout(turn, EVERY);
})();
