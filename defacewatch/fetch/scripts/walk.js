// One way through the elements that can be seen: hidden texts where it ends, and on it pictures and texts that
// are not in the document's own source (made by style sheets, in shadow trees, in frames of the same origin).
(limits, reading, sight) => {
  const { parent, name, attribute, box, cut, tidy } = reading;
  const classes = reading.getter(Element, "classList");
  const shadow = reading.getter(Element, "shadowRoot");
  const item = reading.method(DOMTokenList, "item");
  const number = reading.getter(DOMTokenList, "length");
  const image = {
    current: reading.getter(HTMLImageElement, "currentSrc"),
    source: reading.getter(HTMLImageElement, "src"),
    poster: reading.getter(HTMLVideoElement, "poster"),
    button: reading.getter(HTMLInputElement, "src"),
  };
  // What shows no text of its own, or none that is text of the page.
  const mute = new Set(
    "script style noscript template head title meta link base select datalist textarea iframe frame object embed \
video audio canvas svg img picture br hr input".split(" "),
  );
  const hiddenTexts = [];
  const inset = [];
  const pictures = [];
  const blended = []; // texts in the colour of their background, and their boxes
  const ghosts = []; // what lies over others and lets every click through
  const late = reading.within(limits.patience);
  let looked = 0;
  let decorated = 0;

  const keep = (list, text, most, length) => {
    const kept = tidy(text, length);
    if (list.length < most && /[\p{L}\p{N}]/u.test(kept)) list.push(kept);
  };

  // --- hidden texts -----------------------------------------------------------------------------------
  const accepted = {
    acceptNode: (node) =>
      reading.nodeType(node) === 1 && mute.has(name(node)) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
  };
  // The text in an element, without that of scripts; `wanted` chooses by the element that a text stands in.
  const textIn = (element, wanted) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, accepted);
    let text = "";
    for (let steps = 0; steps < 2000 && text.length < limits.hiddenText * 2; steps += 1) {
      const node = walker.nextNode();
      if (!node) break;
      if (reading.nodeType(node) !== 3 || (wanted && !wanted(parent(node)))) continue;
      text += reading.nodeValue(node).slice(0, limits.hiddenText * 2).replace(/\s+/g, " ") + " ";
    }
    return text;
  };
  const ownText = (element) => {
    for (let at = reading.firstChild(element), seen = 0; at && seen < 50; at = reading.nextSibling(at), seen += 1) {
      if (reading.nodeType(at) === 3 && /\S/.test(reading.nodeValue(at))) return true;
    }
    return false;
  };
  const hide = (element, wanted) => {
    if (hiddenTexts.length < limits.hiddenTexts && !mute.has(name(element))) {
      keep(hiddenTexts, textIn(element, wanted), limits.hiddenTexts, limits.hiddenText);
    }
  };

  // --- pictures ---------------------------------------------------------------------------------------
  const stateful =
    /^(is|has|js|ng|no)-|active|current|open|close|show|hid(e|den)|load|lazy|hover|focus|select|visible|fade|anim|collapse|expand|swiper|slick|owl|sticky|scroll/i;
  const plain = (word) => /^[\p{L}_-]{2,40}$/u.test(word);
  const place = (element) => {
    let words = name(element);
    const id = attribute(element, "id") ?? "";
    if (plain(id)) words += "#" + id;
    const list = classes(element);
    for (let at = 0, kept = 0; at < number(list) && at < 10 && kept < 3; at += 1) {
      const word = item(list, at);
      if (!plain(word) || stateful.test(word)) continue;
      words += "." + word;
      kept += 1;
    }
    return words;
  };
  const path = (element) => {
    const steps = [];
    for (let at = element; at && steps.length < 5; at = parent(at)) steps.unshift(place(at));
    return steps.join(">");
  };
  const background = (own) => /url\("([^"]*)"\)/.exec(own.backgroundImage)?.[1] ?? null;
  // Where a picture comes from, null where an element is none.
  const source = (element, own, area) => {
    switch (name(element)) {
      case "img":
        return element instanceof HTMLImageElement ? image.current(element) || image.source(element) : null;
      case "video":
        return element instanceof HTMLVideoElement ? image.poster(element) || null : null;
      case "input":
        return attribute(element, "type")?.toLowerCase() === "image" && element instanceof HTMLInputElement
          ? image.button(element)
          : null;
      case "svg":
        return reading.first(element, "text") ? null : "";
    }
    return area.width * area.height >= limits.backgroundArea ? background(own) : null;
  };
  const picture = (element, own, area) => {
    if (pictures.length >= limits.pictures || area.width < limits.side || area.height < limits.side) return;
    if (area.width * area.height < limits.area || own.visibility !== "visible") return;
    const url = source(element, own, area);
    if (url === null) return;
    pictures.push([
      cut(path(element), limits.path),
      cut(url, limits.url),
      Math.round(area.left + scrollX),
      Math.round(area.top + scrollY),
      Math.round(area.width),
      Math.round(area.height),
    ]);
  };

  // --- what the source does not say -------------------------------------------------------------------
  const strings = (content) => {
    let text = "";
    for (const [, escaped] of content.slice(0, 4000).matchAll(/"((?:[^"\\]|\\.)*)(?:"|\\?$)/g)) {
      text += escaped.replace(/\\(.)/g, "$1");
    }
    return text;
  };
  const worded = (text) => (text.match(/\p{L}/gu) ?? []).length >= 3;
  const generated = (element) => {
    for (const pseudo of ["::before", "::after"]) {
      const own = getComputedStyle(element, pseudo);
      const content = own.content;
      if (content.length < 5 || content === "normal") continue;
      const text = strings(content);
      if (!worded(text) || own.display === "none" || own.visibility !== "visible") continue;
      if (parseFloat(own.opacity) < 0.05 || sight.pixels(own.fontSize) < 2) continue;
      if ((sight.channels(own.color)?.[3] ?? 1) < 0.05) continue;
      keep(inset, text, limits.insets, limits.inset);
    }
  };
  const framed = (holder, deep) => {
    if (late()) return;
    const page = reading.inner(holder);
    const body = page ? reading.body(page) : null;
    if (!body) return;
    keep(inset, reading.readable(body), limits.insets, limits.inset);
    const inner = deep < limits.deep ? reading.all(body, "iframe, frame") : [];
    for (let at = 0; at < inner.length && at < 20; at += 1) framed(inner[at], deep + 1);
  };

  // --- blocks -----------------------------------------------------------------------------------------
  const blocks = new Set(
    "body div main section article aside header footer nav ul ol table tbody tr td form fieldset figure center".split(
      " ",
    ),
  );
  const boxes = [];
  const numbers = new Map(); // of the blocks that were kept
  const block = (element, tag, area) => {
    if (boxes.length >= limits.boxes || !blocks.has(tag)) return;
    const at = tag === "body" ? -1 : numbers.get(parent(element));
    if (at === undefined) return;
    numbers.set(element, boxes.length);
    boxes.push([
      at,
      tag,
      cut(attribute(element, "id"), limits.boxName),
      cut(attribute(element, "class"), limits.boxClasses),
      Math.round(area.left + scrollX),
      Math.round(area.top + scrollY),
      Math.round(area.width),
      Math.round(area.height),
    ]);
  };

  const visit = (element) => {
    const tag = name(element);
    const own = sight.style(element);
    if (own.visibility !== "visible" && !/^(img|svg|video|canvas)$/.test(tag)) {
      hide(element, (holder) => sight.style(holder).visibility !== "visible");
      return false;
    }
    if (sight.hides(element)) {
      hide(element);
      return false;
    }
    const area = box(element);
    if (sight.away(element, area)) {
      hide(element);
      return false;
    }
    picture(element, own, area);
    block(element, tag, area);
    if (ghosts.length < limits.ghosts && own.pointerEvents === "none" && /^(fixed|absolute)$/.test(own.position)) {
      const share = (area.width * area.height) / (innerWidth * innerHeight);
      if (share * limits.columns * limits.rows >= limits.coverPoints - 1) ghosts.push([element, area]);
    }
    if (/^i?frame$/.test(tag) && area.width > 1 && area.height > 1) framed(element, 1);
    if (mute.has(tag)) return false;
    if (ownText(element)) {
      if (sight.faint(element) || sight.outside(element)) {
        hide(element, (holder) => holder === element);
      } else if (sight.blended(element)) {
        blended.push([element, area]);
      }
    }
    if (decorated < limits.decorated) {
      decorated += 1;
      generated(element);
    }
    return true;
  };

  const hosts = [];
  const walk = (start, top, deep) => {
    for (let at = start; at && looked < limits.elements && !late(); ) {
      looked += 1;
      let enter = false;
      const tag = name(at);
      if (!mute.has(tag) || /^(img|svg|video|input|i?frame)$/.test(tag)) enter = visit(at);
      else if (tag === "picture") enter = true;
      if (enter && deep < limits.deep && shadow(at)) hosts.push([shadow(at), deep + 1]);
      at = (enter && reading.firstElement(at)) || reading.after(at, top);
    }
  };
  const body = reading.body(document);
  if (body) walk(body, body, 0);
  const child = reading.getter(DocumentFragment, "firstElementChild");
  for (let at = 0; at < hosts.length && at < limits.hosts && !late(); at += 1) {
    const [tree, deep] = hosts[at];
    let text = "";
    for (let part = reading.firstChild(tree); part && text.length < limits.inset * 4 && !late(); ) {
      const kind = reading.nodeType(part);
      if (kind === 3) text += reading.nodeValue(part);
      else if (kind === 1 && !mute.has(name(part)) && !sight.hides(part)) text += " " + reading.readable(part);
      part = reading.nextSibling(part);
    }
    keep(inset, text, limits.insets, limits.inset);
    walk(child(tree), null, deep);
  }
  // White on a picture that the style of no ancestor knows of can be read very well.
  const overlaps = (area, [, , left, top, width, height]) =>
    area.left + scrollX < left + width &&
    area.right + scrollX > left &&
    area.top + scrollY < top + height &&
    area.bottom + scrollY > top;
  for (const [element, area] of blended) {
    if (hiddenTexts.length >= limits.hiddenTexts || late()) break;
    if (!pictures.some((shown) => overlaps(area, shown))) hide(element, (holder) => holder === element);
  }
  return { hiddenTexts, inset, pictures, boxes, ghosts };
}
