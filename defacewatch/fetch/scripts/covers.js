// What is laid over the first screen: a grid of points, and at each what is on top there.
(limits, reading, sight, ghosts) => {
  const { parent, name, attribute, cut, tidy } = reading;
  const late = reading.within(limits.patience);
  const stack = reading.method(Document, "elementsFromPoint");
  const matches = reading.method(Element, "matches");
  const root = reading.root(document);
  const body = reading.body(document);
  if (!body) return [];
  const whole = reading.textContent(body).length;
  const frame = (element) => /^(iframe|frame|embed|object)$/.test(name(element));
  const most = (element) => reading.textContent(element).length > whole / 2;
  const onTop = (element) => {
    try {
      return matches(element, "dialog[open]:modal, :popover-open, :fullscreen");
    } catch {
      return false;
    }
  };

  // Whether the page's own content is in it, and nothing of the page under it.
  const wraps = new Map();
  const wrapper = (element, there) => {
    if (element === body || element === root) return true;
    if (!wraps.has(element)) {
      const under = () =>
        there.some(
          (other) => !reading.contains(element, other) && !reading.contains(other, element),
        );
      wraps.set(element, most(element) && !under());
    }
    return wraps.get(element);
  };
  const positioned = (element, there) => {
    const own = sight.style(element);
    if (own.position === "fixed" || onTop(element)) return true;
    if (own.position === "sticky") return own.zIndex !== "auto";
    if (own.position !== "absolute") return false;
    // One that is placed within a part of the page (a slide in its show) lies over that part only.
    for (let holder = parent(element); holder; holder = parent(holder)) {
      if (sight.style(holder).position !== "static") return wrapper(holder, there);
    }
    return true;
  };
  let looked = 0;
  const over = () => looked >= limits.fewest && late();
  const cover = (there) => {
    const [hit] = there;
    let found = frame(hit) ? hit : null;
    for (let on = hit, deep = 0, seen = 0; on && deep < 512 && seen < limits.layers; on = parent(on), deep += 1) {
      if (over()) break;
      if (sight.style(on).position !== "static") seen += 1;
      if (positioned(on, there) && !wrapper(on, there)) found = on;
    }
    return found;
  };

  const counted = new Map();
  const { columns, rows } = limits;
  const points = columns * rows;
  // All over the screen from the first on, so that those there was time for tell of all.
  for (; looked < points && !over(); looked += 1) {
    const at = (looked * limits.stride) % points;
    const x = (((at % columns) + 0.5) / columns) * innerWidth;
    const y = ((Math.floor(at / columns) + 0.5) / rows) * innerHeight;
    const there = stack(document, x, y);
    const found = there.length > 0 ? cover(there) : null;
    if (over()) break; // in the middle of this point: nobody knows what lies there
    if (found) counted.set(found, (counted.get(found) ?? 0) + 1);
  }
  for (const [element, hits] of counted) counted.set(element, (hits / looked) * points);

  // What lets clicks through is not at any point. One that is empty covers nothing.
  const side = (low, high, most) => Math.max(0, Math.min(high, most) - Math.max(low, 0));
  const fills = (element) => {
    const own = sight.style(element);
    if (frame(element) || name(element) === "img" || own.backgroundImage !== "none") return true;
    return (sight.channels(own.backgroundColor)?.[3] ?? 0) >= 0.5 || /\p{L}{3}/u.test(reading.readable(element));
  };
  for (const [element, area] of ghosts) {
    if (late()) break;
    const shown = side(area.left, area.right, innerWidth) * side(area.top, area.bottom, innerHeight);
    const hits = Math.round((shown / (innerWidth * innerHeight)) * points);
    if (hits < limits.coverPoints || most(element) || !fills(element)) continue;
    if ([...counted.keys()].some((other) => reading.contains(other, element))) continue;
    counted.set(element, hits);
  }

  const source = (element) => {
    const shown = "iframe, frame, img, video, embed, object";
    const holder = matches(element, shown) ? element : reading.first(element, shown);
    const written = holder ? (attribute(holder, "src") ?? attribute(holder, "data") ?? "") : "";
    const url = written || (/url\("([^"]*)"\)/.exec(sight.style(element).backgroundImage)?.[1] ?? "");
    try {
      return url ? new URL(url, location.href).href : "";
    } catch {
      return url;
    }
  };
  const text = (element) => {
    const inner = frame(element) ? reading.inner(element) : null;
    const shown = inner ? reading.body(inner) : element;
    return shown ? reading.readable(shown) : "";
  };
  const covers = [];
  for (const [element, hits] of counted) {
    const share = hits / points;
    if (hits < limits.coverPoints) continue;
    covers.push([
      cut(name(element), 40),
      cut(source(element), limits.url),
      tidy(text(element), limits.coverText),
      share,
    ]);
  }
  return covers;
}
