// What is left to be seen of a link, by the ways to hide one that `hides` does not tell: boxes that cut it off, little
// opacity in several layers, faint ink. They are too common on honest pages to be asked of more than links elsewhere.
(reading, sight) => {
  const { parent, box } = reading;
  const root = reading.root(document);
  const body = reading.body(document);
  const width = { client: reading.getter(Element, "clientWidth"), scroll: reading.getter(Element, "scrollWidth") };
  const LEAST = 4; // CSS pixels of a link that somebody may see, and of its letters
  const INK = 0.15; // opacity, of 1
  const CONTRAST = 1.3; // of 1 to 21, see relative luminance and contrast ratio in WCAG 2.2

  // --- clip-path --------------------------------------------------------------------------------------
  // A length in CSS pixels, NaN where it is none that can be told.
  const length = (value, whole) => {
    const [, number, unit] = /^(-?[\d.]+(?:e-?\d+)?)(px|%)?$/.exec(value) ?? [];
    return unit === "%" ? (Number(number) * whole) / 100 : Number(number);
  };
  const spread = (values) => Math.max(...values) - Math.min(...values);
  // The sides of what a shape leaves of a box.
  const shapes = {
    inset: (words, area) => {
      const [top, right = top, bottom = top, left = right] = words.split(" round ")[0].split(" ");
      const across = length(left, area.width) + length(right, area.width);
      return [area.width - across, area.height - length(top, area.height) - length(bottom, area.height)];
    },
    polygon: (words, area) => {
      const points = words.split(/, ?/).filter((point) => / /.test(point)).slice(0, 200);
      const along = (at, whole) => spread(points.map((point) => length(point.split(" ")[at], whole)));
      return [along(0, area.width), along(1, area.height)];
    },
    ellipse: (words, area) => {
      const [across, down] = words.split(" ");
      return [2 * length(across, area.width), 2 * length(down, area.height)];
    },
    circle: (words, area) => {
      const across = 2 * length(words.split(" ")[0], Math.hypot(area.width, area.height) / Math.SQRT2);
      return [across, across];
    },
  };
  const shaped = (element, own) => {
    if (own.clipPath === "none") return false;
    const [, shape, words] = /^(inset|polygon|ellipse|circle)\(([^()]*)\)/.exec(own.clipPath.slice(0, 4000)) ?? [];
    return shape !== undefined && shapes[shape](words, box(element)).some((side) => side < 2);
  };

  // --- what the ancestors leave -----------------------------------------------------------------------
  const everywhere = { left: -Infinity, right: Infinity, top: -Infinity, bottom: Infinity };
  const meet = (one, two) => ({
    left: Math.max(one.left, two.left),
    right: Math.min(one.right, two.right),
    top: Math.max(one.top, two.top),
    bottom: Math.min(one.bottom, two.bottom),
  });
  const across = (area) => area.right - area.left;
  const down = (area) => area.bottom - area.top;
  const opacity = (own) => {
    let left = parseFloat(own.opacity);
    for (const [, by] of own.filter.slice(0, 1000).matchAll(/opacity\(([\d.]+)\)/g)) left *= Number(by);
    return left;
  };
  // What an element leaves of `within` to its content. Where one can scroll to the rest, and in a show of slides
  // side by side, the place within the box says nothing.
  const cropped = (element, own, within) => {
    const clips = own.overflowX !== "visible" || own.overflowY !== "visible";
    if (!clips || element === root || element === body || /^(inline|contents)$/.test(own.display)) return null;
    const area = box(element);
    const left = meet(within, area);
    const { left: west, right: east, top, bottom } = left;
    const slides = own.overflowX !== "visible" && width.scroll(element) > width.client(element) + 1;
    const free = across(left) >= LEAST && (slides || own.overflowX === "visible");
    const scrolls = down(left) >= LEAST && /^(auto|scroll|visible)$/.test(own.overflowY);
    return {
      slides,
      area: {
        left: free ? -Infinity : west,
        right: free ? Infinity : east,
        top: scrolls ? -Infinity : top,
        bottom: scrolls ? Infinity : bottom,
      },
    };
  };
  // `flow`, `placed` and `fixed` are what is left to content by its position, since a box cuts off only what it holds.
  const outermost = { flow: everywhere, placed: everywhere, fixed: everywhere, left: 1, shut: false, slides: false };
  const within = (element, outer) => {
    const own = sight.style(element);
    const { position } = own;
    const given = position === "fixed" ? outer.fixed : position === "absolute" ? outer.placed : outer.flow;
    const crop = cropped(element, own, given);
    const flow = crop ? crop.area : given;
    const holds = own.transform !== "none" || own.filter !== "none";
    return {
      flow,
      placed: holds || position !== "static" ? flow : outer.placed,
      fixed: holds ? flow : outer.fixed,
      left: outer.left * opacity(own),
      shut: outer.shut || shaped(element, own),
      slides: outer.slides || Boolean(crop?.slides),
    };
  };
  // Remembered, since links share ancestors.
  const known = new WeakMap();
  const around = (element) => {
    const passed = [];
    let at = element;
    for (; at && !known.has(at) && passed.length < 512; at = parent(at)) passed.push(at);
    let outer = (at && known.get(at)) || outermost;
    while (passed.length > 0) {
      const inner = passed.pop();
      outer = within(inner, outer);
      known.set(inner, outer);
    }
    return outer;
  };

  // --- ink --------------------------------------------------------------------------------------------
  const luminance = (colour) => {
    const [red, green, blue] = colour.map((part) =>
      part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, two) => {
    const [low, high] = [luminance(one), luminance(two)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const pale = (link, left) => {
    const own = sight.style(link);
    if (sight.pixels(own.fontSize) < LEAST) return true;
    const ink = sight.channels(own.color);
    if (!ink || /text/.test(own.backgroundClip)) return false;
    if (ink[3] * left < INK) return true;
    const behind = sight.backdrop(link);
    if (!behind) return false;
    const mixed = [0, 1, 2].map((at) => ink[at] * ink[3] + behind[at] * (1 - ink[3]));
    return contrast(mixed, behind.slice(0, 3)) < CONTRAST;
  };

  const cut = (own) => /^(hidden|clip)$/.test(own.overflowX);
  const still = [root, body].some((element) => element && cut(sight.style(element)));
  // Nobody scrolls sideways through several screens of nothing.
  const edge = innerWidth * (still ? 1 : 3);
  const gone = (area, around) => {
    const left = meet(area, around.flow);
    return across(left) < LEAST || down(left) < LEAST || (!around.slides && area.left + scrollX >= edge);
  };
  // Whether nothing of a link can be seen.
  return (link) => {
    const over = around(link);
    if (over.shut || over.left < INK) return true;
    return (
      [box, sight.content].every((areaOf) => gone(areaOf(link), over)) || (!sight.pictured(link) && pale(link, over.left))
    );
  };
}
