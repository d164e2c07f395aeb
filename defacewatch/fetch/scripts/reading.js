// How the other scripts read a page. Every property is read through the prototype that defines it, since a page
// may clobber names on its own elements (<img name="body">, <form><input name="attributes">).
() => {
  const getter = (owner, name) => {
    const get = Object.getOwnPropertyDescriptor(owner.prototype, name).get;
    return (object) => get.call(object);
  };
  const method = (owner, name) => {
    const run = owner.prototype[name];
    return (object, ...rest) => run.apply(object, rest);
  };
  const reading = {
    getter,
    method,
    parent: getter(Node, "parentElement"),
    firstChild: getter(Node, "firstChild"),
    nextSibling: getter(Node, "nextSibling"),
    nodeType: getter(Node, "nodeType"),
    nodeValue: getter(Node, "nodeValue"),
    textContent: getter(Node, "textContent"),
    contains: method(Node, "contains"),
    firstElement: getter(Element, "firstElementChild"),
    nextElement: getter(Element, "nextElementSibling"),
    name: getter(Element, "localName"),
    attribute: method(Element, "getAttribute"),
    box: method(Element, "getBoundingClientRect"),
    first: method(Element, "querySelector"),
    all: method(Element, "querySelectorAll"),
    innerText: getter(HTMLElement, "innerText"),
    frameDocument: getter(HTMLIFrameElement, "contentDocument"),
    framesetDocument: getter(HTMLFrameElement, "contentDocument"),
    body: getter(Document, "body"),
    root: getter(Document, "documentElement"),
    cut: (text, most) => String(text ?? "").slice(0, most).toWellFormed(),
    tidy: (text, most) => reading.cut(String(text ?? "").slice(0, most * 4).replace(/\s+/g, " ").trim(), most),
  };
  // A question whether so many milliseconds have passed. A page can be made to take for ever to look through.
  const now = method(Performance, "now");
  reading.within = (most) => {
    const end = now(performance) + most;
    return () => now(performance) > end;
  };
  // The document in a frame, null where it is another origin's.
  reading.inner = (frame) => {
    try {
      return frame instanceof HTMLFrameElement ? reading.framesetDocument(frame) : reading.frameDocument(frame);
    } catch {
      return null;
    }
  };
  // What can be read of an element, innerText where it has that.
  reading.readable = (element) => {
    try {
      return reading.innerText(element);
    } catch {
      return reading.textContent(element);
    }
  };
  // The next element in document order that is not within `element`, up to the end of `top`.
  reading.after = (element, top) => {
    for (let at = element; at && at !== top; at = reading.parent(at)) {
      const next = reading.nextElement(at);
      if (next) return next;
    }
    return null;
  };
  return reading;
}
