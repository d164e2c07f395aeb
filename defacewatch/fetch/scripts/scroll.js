// Scrolls down through the page and back up, so that what loads when it comes into view does.
async (limits) => {
  const top = (y) => window.scrollTo({ top: y, behavior: "instant" });
  const rest = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
  const root = Object.getOwnPropertyDescriptor(Document.prototype, "documentElement").get.call(document);
  const height = Object.getOwnPropertyDescriptor(Element.prototype, "scrollHeight").get;
  for (let y = innerHeight; root && y < Math.min(height.call(root), limits.height); y += innerHeight) {
    top(y);
    await rest(limits.pause);
  }
  top(0);
  await rest(limits.pause);
}
