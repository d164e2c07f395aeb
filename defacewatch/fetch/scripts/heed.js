// Whether elements came, went or got other attributes since this was last asked, in this document; it is heeded
// from now on. The page cannot tell that it is.
() => {
  const elements = (nodes) => Array.from(nodes).some((node) => node.nodeType === Node.ELEMENT_NODE);
  const says = (record) =>
    record.type === "attributes" || elements(record.addedNodes) || elements(record.removedNodes);
  const before = globalThis.heeding;
  const moved = before === undefined || before.moved || before.observer.takeRecords().some(says);
  before?.observer.disconnect();
  const heeding = { moved: false };
  heeding.observer = new MutationObserver((records) => {
    heeding.moved ||= records.some(says);
  });
  heeding.observer.observe(document, { subtree: true, childList: true, attributes: true });
  globalThis.heeding = heeding;
  return moved;
}
