// What a page shows, told from an isolated world.
(limits, reading, sight, unseen, walk, covers) => {
  const { getter, method, textContent, cut } = reading;
  const root = reading.root(document);
  const body = reading.body(document);
  const title = getter(Document, "title")(document);
  const doctype = getter(Document, "doctype")(document);
  const scrollHeight = getter(Element, "scrollHeight");
  const select = method(Document, "querySelectorAll");

  const hiddenLinks = [];
  const links = select(document, "a[href]");
  const address = getter(HTMLAnchorElement, "href");
  const late = reading.within(limits.patience);
  for (let at = 0; at < links.length && at < limits.links && hiddenLinks.length < limits.hidden; at += 1) {
    if (late()) break;
    const link = links[at];
    if (!(link instanceof HTMLAnchorElement)) continue;
    try {
      const url = new URL(address(link));
      if (!/^https?:$/.test(url.protocol) || url.host === location.host) continue;
      if (sight.hidden(link) || unseen(link)) {
        hiddenLinks.push([cut(url.href, limits.url), cut(textContent(link).trim(), limits.anchor)]);
      }
    } catch {
      continue; // an address that is no URL, or a link that left the page meanwhile
    }
  }

  const icons = select(document, 'link[rel~="icon" i][href]');
  const icon = icons.length > 0 ? icons[icons.length - 1] : null;
  const prologue = doctype ? new XMLSerializer().serializeToString(doctype) + "\n" : "";
  const shown = body ?? root;
  // What the page is comes first: nothing that is looked for besides may cost that.
  const besides = (look, nothing) => {
    try {
      return look();
    } catch {
      return nothing;
    }
  };
  const { ghosts, ...walked } = besides(() => walk(limits, reading, sight), { ghosts: [] });
  return {
    title: cut(title, limits.title),
    html: cut(prologue + (root ? getter(Element, "outerHTML")(root) : ""), limits.html),
    text: cut(shown ? reading.readable(shown) : "", limits.text),
    height: Math.ceil(Math.max(root ? scrollHeight(root) : 0, body ? scrollHeight(body) : 0)),
    icon: icon instanceof HTMLLinkElement ? cut(getter(HTMLLinkElement, "href")(icon), limits.iconUrl) : "",
    hiddenLinks,
    covers: besides(() => covers(limits, reading, sight, ghosts), []),
    ...walked,
  };
}
