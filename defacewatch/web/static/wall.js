"use strict";
// The wall hears what changes as it happens (server-sent events) and puts the tiles that come in their places.
// Where there is no stream it loads itself again every few seconds. Ages grow by themselves.
(() => {
  const SILENT = 25000, GRACE = 8000, TICK = 5000;
  const holder = document.querySelector("[data-stream]");
  const relative = new Intl.RelativeTimeFormat(document.documentElement.lang, { style: "narrow", numeric: "always" });
  const news = document.getElementById("news");
  let heard = Date.now(), source = null, polling = null;
  let mark = holder.dataset.mark; // up to where all that has changed is shown
  let loading = false, due = null; // while the whole wall is on its way: up to where it has to go
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
  const isOlder = (one, other) => {
    const [epoch, number] = one.split("-"), [its, wanted] = (other ?? "").split("-");
    return epoch === its && Number(number) < Number(wanted);
  };
  // The whole wall once more: after a gap, or when something was to be shown that was not sent. What is sent
  // meanwhile is not put into the old one: the wall is asked for until it has that as well.
  const load = async () => {
    loading = true;
    try {
      do {
        await live.refresh(true);
        mark = document.querySelector("[data-stream]").dataset.mark;
      } while (isOlder(mark, due));
    } finally {
      loading = false;
      due = null;
    }
  };
  const again = () => {
    if (!loading) load().then(() => live.alive(true), () => { live.alive(false); poll(); });
  };

  let said = document.title;
  const announce = () => {
    if (document.title === said) return;
    said = document.title;
    news.textContent = said.replace(" · defacewatch", "");
  };

  const put = (sent) => {
    document.title = new DOMParser().parseFromString(sent.title, "text/html").body.textContent.trim();
    for (const [id, html] of Object.entries(sent.parts)) {
      const part = document.getElementById(id);
      if (part) live.replace(part, made(html));
    }
    const seats = document.getElementById("seats");
    if (!seats) return false;
    const were = seats.children.length;
    for (const [id, html] of Object.entries(sent.seats)) {
      const seat = made(html), old = document.getElementById(id);
      if (old) old.replaceWith(seat);
      else seats.append(seat);
      seat.classList.add("fresh");
    }
    const wanted = new Set(sent.order);
    for (const seat of [...seats.children]) if (!wanted.has(seat.id)) seat.remove();
    for (const [place, id] of sent.order.entries()) {
      const seat = document.getElementById(id);
      if (!seat) return false;
      if (seats.children[place] !== seat) seats.insertBefore(seat, seats.children[place] ?? null);
    }
    return Boolean(were) === Boolean(sent.order.length); // what is said of none is not among the seats
  };
  const change = (sent, to) => {
    if (loading) {
      due = to;
      return;
    }
    if (live.keeping(() => put(sent))) {
      mark = to;
      announce();
    } else {
      due = to;
      again();
    }
  };

  const ages = (sent) => {
    for (const [id, [checked, captured]] of Object.entries(sent.ages)) {
      const seat = document.getElementById(id);
      if (!seat) continue;
      const [first, second] = seat.querySelectorAll("time[data-age]");
      if (first && checked) first.dataset.age = checked;
      if (second && captured) second.dataset.age = captured;
    }
    const oldest = document.querySelector("#oldest time");
    if (oldest && sent.oldest && oldest.dataset.age !== String(sent.oldest)) {
      oldest.dataset.age = sent.oldest;
      oldest.dateTime = new Date(1000 * sent.oldest).toISOString();
      oldest.removeAttribute("title"); // it is that of the one before
    }
    const late = new Set(sent.late);
    for (const time of document.querySelectorAll("#seats time[data-late]")) {
      time.classList.toggle("urgent", late.has(time.closest("[id]").id));
    }
    ahead = sent.at - Date.now() / 1000;
    grow();
  };

  const hear = (kind, done) => source.addEventListener(kind, (event) => {
    heard = Date.now();
    if (kind === "blind") live.alive(false, news.dataset.blind);
    else if (!loading) live.alive(true);
    done(JSON.parse(event.data), event.lastEventId);
  });
  const open = () => {
    const address = new URL(holder.dataset.stream, location.href);
    address.searchParams.set("since", mark);
    source = new EventSource(address);
    hear("beat", () => {});
    hear("blind", () => {}); // somebody is there, who cannot see
    hear("ages", ages);
    hear("stale", again);
    hear("change", change);
    source.addEventListener("open", () => { heard = Date.now(); });
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) poll();
      else heard = Math.min(heard, Date.now() - SILENT + GRACE); // the browser tries again by itself
    });
  };
  // No stream to be had: ask for the page, which also says whether anything answers, and try again after it.
  const poll = () => {
    source.close();
    if (polling) return;
    polling = setTimeout(async () => {
      const well = await load().then(() => true, () => false);
      polling = null;
      live.alive(well);
      if (!well) return poll();
      heard = Date.now();
      open();
    }, live.EVERY);
  };

  setInterval(() => {
    grow();
    if (polling || Date.now() - heard <= SILENT) return;
    live.alive(false);
    poll();
  }, TICK);
  document.addEventListener("refreshed", () => { grow(); announce(); });
  for (const field of document.querySelectorAll(".filters select, .filters input[type=checkbox]")) {
    field.addEventListener("change", () => field.form.requestSubmit());
  }
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", (event) => { if (event.persisted && !polling) open(); });
  grow();
  open();
})();
