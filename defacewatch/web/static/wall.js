"use strict";
// The wall hears what changes as it happens (server-sent events) and puts the tiles that come in their places.
// Where there is no stream it loads itself again every few seconds. Ages grow by themselves.
(() => {
  const SILENT = 25000, GRACE = 8000, TICK = 5000;
  const holder = document.querySelector("[data-stream]");
  const relative = new Intl.RelativeTimeFormat(document.documentElement.lang, { style: "narrow", numeric: "always" });
  let heard = Date.now(), source = null, polling = null;
  let mark = holder.dataset.mark;
  let ahead = holder.dataset.now - Date.now() / 1000; // of this clock, the server's: seconds
  const now = () => Date.now() / 1000 + ahead;

  const spoken = (seconds) => {
    const age = Math.max(0, Math.round(now() - seconds));
    if (age < 60) return relative.format(-age, "second");
    if (age < 3600) return relative.format(-Math.round(age / 60), "minute");
    if (age < 86400) return relative.format(-Math.round(age / 3600), "hour");
    return relative.format(-Math.round(age / 86400), "day");
  };
  const grow = () => {
    for (const time of document.querySelectorAll("time[data-age]")) {
      const text = spoken(Number(time.dataset.age));
      if (time.textContent !== text) time.textContent = text;
    }
  };

  const made = (html) => {
    const template = document.createElement("template");
    template.innerHTML = html;
    return template.content.firstElementChild;
  };
  // The whole wall once more: after a gap, or when something was to be shown that was not sent.
  const again = async () => {
    await live.refresh(true);
    mark = document.querySelector("[data-stream]").dataset.mark;
  };

  const change = (news) => {
    document.title = new DOMParser().parseFromString(news.title, "text/html").body.textContent.trim();
    for (const [id, html] of Object.entries(news.parts)) document.getElementById(id)?.replaceWith(made(html));
    const seats = document.getElementById("seats");
    if (!seats) return false;
    for (const [id, html] of Object.entries(news.seats)) {
      const seat = made(html), old = document.getElementById(id);
      if (old) old.replaceWith(seat);
      else seats.append(seat);
      seat.classList.add("fresh");
    }
    const wanted = new Set(news.order);
    for (const seat of [...seats.children]) if (!wanted.has(seat.id)) seat.remove();
    for (const [place, id] of news.order.entries()) {
      const seat = document.getElementById(id);
      if (!seat) return false;
      if (seats.children[place] !== seat) seats.insertBefore(seat, seats.children[place] ?? null);
    }
    return true;
  };

  const ages = (news) => {
    for (const [id, [checked, captured]] of Object.entries(news.ages)) {
      const seat = document.getElementById(id);
      if (!seat) continue;
      const [first, second] = seat.querySelectorAll("time[data-age]");
      if (first && checked) first.dataset.age = checked;
      if (second && captured) second.dataset.age = captured;
    }
    const late = new Set(news.late);
    for (const time of document.querySelectorAll("#seats time[data-late]")) {
      time.classList.toggle("urgent", late.has(time.closest("[id]").id));
    }
    ahead = news.at - Date.now() / 1000;
    grow();
  };

  const hear = (kind, done) => source.addEventListener(kind, (event) => {
    heard = Date.now();
    if (event.lastEventId) mark = event.lastEventId;
    live.alive(true);
    done(JSON.parse(event.data));
  });
  const open = () => {
    const address = new URL(holder.dataset.stream, location.href);
    address.searchParams.set("since", mark);
    source = new EventSource(address);
    hear("beat", () => {});
    hear("ages", ages);
    hear("stale", () => again().catch(() => {}));
    hear("change", (news) => { if (!change(news)) again().catch(() => {}); });
    source.addEventListener("open", () => { heard = Date.now(); clearTimeout(polling); polling = null; });
    source.addEventListener("error", () => {
      heard = Math.min(heard, Date.now() - SILENT + GRACE);
      if (source.readyState === EventSource.CLOSED) poll();
    });
  };
  // No stream to be had: ask for the page, which also says whether anything answers, and try again after it.
  const poll = () => {
    if (polling) return;
    polling = setTimeout(async () => {
      polling = null;
      try {
        await again();
        live.alive(true);
        heard = Date.now();
        open();
      } catch {
        live.alive(false);
        poll();
      }
    }, live.EVERY);
  };

  setInterval(() => {
    grow();
    if (Date.now() - heard > SILENT) live.alive(false);
  }, TICK);
  document.addEventListener("refreshed", grow);
  for (const field of document.querySelectorAll(".filters select, .filters input[type=checkbox]")) {
    field.addEventListener("change", () => field.form.requestSubmit());
  }
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", (event) => { if (event.persisted) open(); });
  grow();
  open();
})();
