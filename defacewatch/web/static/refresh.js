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

  const lost = offline?.textContent;
  const alive = (well, why = lost) => {
    if (!well && offline.textContent !== why) offline.textContent = why;
    offline.hidden = well;
    document.body.classList.toggle("cut-off", !well);
  };

  // What had the focus keeps it, also where something else has taken its place: with the same id, or in the
  // same place the same link or button.
  const twin = (held) => {
    if (held.id) return document.getElementById(held.id);
    const place = document.getElementById(held.closest("[id]")?.id ?? "") ?? document;
    const name = ["href", "aria-label"].find((known) => held.hasAttribute(known));
    return name && place.querySelector(`[${name}="${CSS.escape(held.getAttribute(name))}"]`);
  };
  const keeping = (work) => {
    const held = document.activeElement;
    const done = work();
    if (held && held !== document.body && held !== document.activeElement) {
      (held.isConnected ? held : twin(held))?.focus({ preventScroll: true });
    }
    return done;
  };
  // Ages grow by script where there is a stream: that one has grown makes no part another one, nor that the
  // oldest capture is another.
  const told = (part) => {
    if (!stream) return part.outerHTML;
    const copy = part.cloneNode(true);
    for (const time of copy.querySelectorAll("time[data-age]")) time.textContent = "";
    copy.querySelector("#oldest time")?.replaceWith("");
    return copy.outerHTML;
  };
  const replace = (part, next) => {
    const text = told(next);
    if (text === said.get(part.id)) {
      const oldest = next.querySelector("#oldest time");
      if (oldest) part.querySelector("#oldest time")?.replaceWith(document.adoptNode(oldest));
      return;
    }
    said.set(part.id, text);
    part.replaceWith(document.adoptNode(next));
  };

  const refresh = async (all = false) => {
    const own = document.querySelector("link[rel=canonical]")?.href ?? location.href.split("#")[0];
    const answer = await fetch(own, {
      credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(Math.max(EVERY - 1000, 10000)),
      headers: { "X-Unattended": "1" }, // nobody has done anything: it keeps nobody signed in who may act
    });
    if (answer.redirected) {
      location.reload();
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.title = fresh.title;
    keeping(() => {
      for (const part of document.querySelectorAll("[data-live]")) {
        const next = fresh.getElementById(part.id);
        if (next && all && part.matches("[data-stream]")) part.replaceWith(document.adoptNode(next));
        else if (next) replace(part, next);
      }
    });
    document.dispatchEvent(new Event("refreshed"));
  };

  // Whoever may act is signed out when nobody does anything. Keys and the pointer are use, and what is done in
  // another tab; before it comes to that, it is said.
  const leaving = document.getElementById("leaving");
  const attend = () => {
    const IDLE = 1000 * leaving.dataset.idle, WARNED = Math.min(300000, IDLE / 2), NOTED = 60000;
    const others = new BroadcastChannel("used");
    let used = Date.now(), asking = false;
    const saw = () => {
      used = Date.now();
      leaving.hidden = true;
    };
    const use = async () => {
      if (asking || Date.now() - used < NOTED) return;
      asking = true;
      try {
        const answer = await fetch("/api/v1/me", { credentials: "same-origin", cache: "no-store" });
        if (answer.status === 401) location.reload();
        else if (answer.ok) {
          saw();
          others.postMessage("");
        }
      } catch {
        // the page says by itself that the connection is lost
      } finally {
        asking = false;
      }
    };
    others.addEventListener("message", saw);
    for (const kind of ["keydown", "pointerdown"]) addEventListener(kind, use, { passive: true });
    leaving.querySelector("button").addEventListener("click", use);
    setInterval(() => { leaving.hidden = Date.now() - used < IDLE - WARNED; }, 5000);
    others.postMessage("");
  };
  if (leaving) attend();

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
  for (const part of document.querySelectorAll("[data-live]")) said.set(part.id, told(part));
  if (!stream) next();
  return { alive, refresh, replace, keeping, EVERY };
})();
