// What the browser computes as hidden.
(reading) => {
  const { parent, box, first } = reading;
  const root = reading.root(document);
  const body = reading.body(document);
  const styles = new WeakMap();
  const style = (element) => {
    let own = styles.get(element);
    if (!own) styles.set(element, (own = getComputedStyle(element)));
    return own;
  };
  const pixels = (value) => parseFloat(value) || 0;
  const clipped = (own) =>
    /^inset\((50|[6-9]\d|100)(\.\d+)?%/.test(own.clipPath) ||
    /^circle\(0(px|%)?[ )]/.test(own.clipPath) ||
    (/^(absolute|fixed)$/.test(own.position) &&
      /^rect\((\d+)px,? (\d+)px,? (\d+)px,? (\d+)px\)$/.test(own.clip) &&
      (([top, right, bottom, left]) => right - left <= 1 || bottom - top <= 1)(
        own.clip.match(/\d+/g).map(Number),
      ));
  // A box of no size that cuts off what is in it. The overflow of the body is that of the window.
  const shut = (element, own) => {
    if (own.overflowX === "visible" && own.overflowY === "visible") return false;
    if (element === root || element === body || /^(inline|contents)$/.test(own.display)) return false;
    const area = box(element);
    return area.width <= 1 || area.height <= 1;
  };

  // Whether an element hides all that is in it, remembered, since links share ancestors.
  const verdicts = new WeakMap();
  const hides = (element) => {
    let verdict = verdicts.get(element);
    if (verdict === undefined) {
      const own = style(element);
      verdict =
        own.display === "none" ||
        own.contentVisibility === "hidden" ||
        parseFloat(own.opacity) < 0.05 ||
        pixels(own.textIndent) <= -500 ||
        clipped(own) ||
        shut(element, own);
      verdicts.set(element, verdict);
    }
    return verdict;
  };
  const ancestry = function* (element) {
    for (let at = element, deep = 0; at && deep < 512; at = parent(at), deep += 1) yield at;
  };

  // Remembered: a page has many elements and few colours.
  const colours = new Map();
  const channels = (colour) => {
    let found = colours.get(colour);
    if (found === undefined) {
      const numbers = (/^rgba?\(([^)]+)\)$/.exec(colour)?.[1] ?? "").split(/[ ,/]+/).map(Number);
      found = numbers.length >= 3 ? [...numbers.slice(0, 3), numbers[3] ?? 1] : null;
      if (colours.size < 1000) colours.set(colour, found);
    }
    return found;
  };
  const near = (one, two) => [0, 1, 2].every((at) => Math.abs(one[at] - two[at]) <= 12);
  // The plain colour behind an element, or null where a picture or a gradient makes that unknowable.
  const behinds = new WeakMap();
  const backdrop = (element) => {
    const passed = [];
    let found = [255, 255, 255, 1];
    for (const at of ancestry(element)) {
      if (behinds.has(at)) {
        found = behinds.get(at);
        break;
      }
      passed.push(at);
      const own = style(at);
      const colour = own.backgroundImage === "none" ? channels(own.backgroundColor) : null;
      if (colour && colour[3] <= 0.05) continue;
      found = colour && colour[3] >= 0.95 ? colour : null;
      break;
    }
    for (const at of passed) behinds.set(at, found);
    return found;
  };
  // Text of no size or without a colour.
  const faint = (element) => {
    const own = style(element);
    if (pixels(own.fontSize) < 2) return true;
    const ink = channels(own.color);
    return ink !== null && ink[3] < 0.05 && !/text/.test(own.backgroundClip);
  };
  // Text in the colour of what is behind it.
  const blended = (element) => {
    const ink = channels(style(element).color);
    if (!ink) return false;
    const behind = backdrop(element);
    return behind !== null && near(ink, behind);
  };
  const pictured = (link) => first(link, "img, svg, picture, video, canvas, input, object") !== null;
  const unreadable = (link) => !pictured(link) && (faint(link) || blended(link));
  const right = Math.max(innerWidth, root ? reading.getter(Element, "scrollWidth")(root) : 0);
  // Nothing scrolls while we look, and each question for it makes the browser look for news.
  const [across, down] = [scrollX, scrollY];
  const beyond = (area) => area.right + across <= 0 || area.bottom + down <= 0 || area.left + across >= right;
  const content = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    return range.getBoundingClientRect();
  };
  const sized = (area) => area.width > 1 && area.height > 1;
  // The boxes of all that is in an element take long, and are asked for where its own says nothing.
  const outside = (element) => [box, content].every((areaOf) => !sized(areaOf(element)) || beyond(areaOf(element)));
  // Whether an element and all that is in it stand where nobody can scroll to.
  const away = (element, area) => sized(area) && beyond(area) && outside(element);
  // Whether an element or one around it hides it, remembered for each on the way.
  const depths = new WeakMap();
  const buried = (element) => {
    const passed = [];
    let found = false;
    for (const at of ancestry(element)) {
      found = depths.get(at) ?? hides(at);
      passed.push(at);
      if (found || depths.has(at)) break;
    }
    for (const at of passed) depths.set(at, found);
    return found;
  };
  const hidden = (link) => {
    if (style(link).visibility !== "visible") return true;
    return buried(link) || outside(link) || unreadable(link);
  };
  return { style, pixels, hides, hidden, faint, blended, backdrop, outside, away, channels, content, pictured };
}
