// What a page shows, told from an isolated world. Every property is read through the prototype that defines
// it, since a page may clobber names on its own elements (<img name="body">, <form><input name="attributes">).
(limits) => {
  const getter = (owner, name) => {
    const get = Object.getOwnPropertyDescriptor(owner.prototype, name).get;
    return (object) => get.call(object);
  };
  const method = (owner, name) => {
    const run = owner.prototype[name];
    return (object, ...rest) => run.apply(object, rest);
  };
  const root = getter(Document, "documentElement")(document);
  const body = getter(Document, "body")(document);
  const title = getter(Document, "title")(document);
  const doctype = getter(Document, "doctype")(document);
  const parentElement = getter(Node, "parentElement");
  const textContent = getter(Node, "textContent");
  const scrollHeight = getter(Element, "scrollHeight");
  const scrollWidth = getter(Element, "scrollWidth");
  const box = method(Element, "getBoundingClientRect");
  const first = method(Element, "querySelector");
  const cut = (text, most) => String(text ?? "").slice(0, most).toWellFormed();

  // --- hidden links -----------------------------------------------------------------------------------
  const styles = new WeakMap();
  const style = (element) => {
    if (!styles.has(element)) styles.set(element, getComputedStyle(element));
    return styles.get(element);
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
  const shut = (element, own) => {
    if (own.overflowX === "visible" && own.overflowY === "visible") return false;
    const area = box(element);
    return area.width <= 1 || area.height <= 1;
  };

  // Whether an element hides all that is in it, remembered, since links share ancestors.
  const verdicts = new WeakMap();
  const hides = (element) => {
    if (!verdicts.has(element)) {
      const own = style(element);
      verdicts.set(
        element,
        own.display === "none" ||
          own.contentVisibility === "hidden" ||
          parseFloat(own.opacity) < 0.05 ||
          pixels(own.textIndent) <= -500 ||
          clipped(own) ||
          shut(element, own),
      );
    }
    return verdicts.get(element);
  };
  const ancestry = function* (element) {
    for (let at = element, deep = 0; at && deep < 512; at = parentElement(at), deep += 1) yield at;
  };

  const channels = (colour) => {
    const numbers = (/^rgba?\(([^)]+)\)$/.exec(colour)?.[1] ?? "").split(/[ ,/]+/).map(Number);
    return numbers.length >= 3 ? [...numbers.slice(0, 3), numbers[3] ?? 1] : null;
  };
  const near = (one, two) => [0, 1, 2].every((at) => Math.abs(one[at] - two[at]) <= 12);
  // The plain colour behind an element, or null where a picture or a gradient makes that unknowable.
  const backdrop = (element) => {
    for (const at of ancestry(element)) {
      const own = style(at);
      if (own.backgroundImage !== "none") return null;
      const colour = channels(own.backgroundColor);
      if (!colour) return null;
      if (colour[3] >= 0.95) return colour;
      if (colour[3] > 0.05) return null;
    }
    return [255, 255, 255, 1];
  };
  const unreadable = (link) => {
    if (first(link, "img, svg, picture, video, canvas, input, object")) return false;
    const own = style(link);
    if (pixels(own.fontSize) < 2) return true;
    const ink = channels(own.color);
    if (!ink) return false;
    if (ink[3] < 0.05) return true;
    const behind = backdrop(link);
    return behind !== null && near(ink, behind);
  };
  const outside = (link) => {
    const range = document.createRange();
    range.selectNodeContents(link);
    const areas = [box(link), range.getBoundingClientRect()].filter((area) => area.width > 1 && area.height > 1);
    if (areas.length === 0) return true;
    const right = Math.max(innerWidth, scrollWidth(root));
    return areas.every(
      (area) =>
        area.right + scrollX <= 0 || area.bottom + scrollY <= 0 || area.left + scrollX >= right,
    );
  };
  const hidden = (link) => {
    if (style(link).visibility !== "visible") return true;
    for (const at of ancestry(link)) if (hides(at)) return true;
    return outside(link) || unreadable(link);
  };

  const hiddenLinks = [];
  const links = method(Document, "querySelectorAll")(document, "a[href]");
  const address = getter(HTMLAnchorElement, "href");
  for (let at = 0; at < links.length && at < limits.links && hiddenLinks.length < limits.hidden; at += 1) {
    const link = links[at];
    if (!(link instanceof HTMLAnchorElement)) continue;
    try {
      const url = new URL(address(link));
      if (!/^https?:$/.test(url.protocol) || url.host === location.host) continue;
      if (hidden(link)) {
        hiddenLinks.push([cut(url.href, limits.url), cut(textContent(link).trim(), limits.anchor)]);
      }
    } catch {
      continue; // an address that is no URL, or a link that left the page meanwhile
    }
  }

  // --- the document -----------------------------------------------------------------------------------
  const prologue = doctype ? new XMLSerializer().serializeToString(doctype) + "\n" : "";
  const shown = body ?? root;
  const text = shown instanceof HTMLElement ? getter(HTMLElement, "innerText")(shown) : shown ? textContent(shown) : "";
  return {
    title: cut(title, limits.title),
    html: cut(prologue + (root ? getter(Element, "outerHTML")(root) : ""), limits.html),
    text: cut(text, limits.text),
    height: Math.ceil(Math.max(root ? scrollHeight(root) : 0, body ? scrollHeight(body) : 0)),
    hiddenLinks,
  };
}
