// Brings what moves to a state that is the same each time, just before the picture is taken: finite animations
// to their end, endless ones to their beginning, marquees and videos stopped, no blinking caret.
() => {
  const quietly = (run) => {
    try {
      run();
    } catch {
      return; // one that cannot be stopped is shown as it is
    }
  };
  const all = (selector) => Document.prototype.querySelectorAll.call(document, selector);
  for (const animation of Document.prototype.getAnimations.call(document)) {
    quietly(() => {
      const endless = animation.effect?.getComputedTiming().endTime === Infinity;
      if (endless || animation.playbackRate === 0) animation.cancel();
      else animation.finish();
    });
  }
  for (const marquee of all("marquee")) {
    quietly(() => {
      HTMLMarqueeElement.prototype.stop.call(marquee);
    });
  }
  for (const video of all("video")) {
    quietly(() => {
      HTMLMediaElement.prototype.pause.call(video);
      if (video.currentTime > 0) video.currentTime = 0;
    });
  }
  // A sheet for all elements takes as long as all others together: only where there can be a caret.
  const active = Object.getOwnPropertyDescriptor(Document.prototype, "activeElement").get.call(document);
  const body = Object.getOwnPropertyDescriptor(Document.prototype, "body").get.call(document);
  const mode = Object.getOwnPropertyDescriptor(Document.prototype, "designMode").get.call(document);
  quietly(() => {
    if (active === body && mode !== "on" && !(body instanceof HTMLElement && body.isContentEditable)) return;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("*, *::before, *::after { caret-color: transparent !important; }");
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  });
  window.scrollTo({ top: 0, left: 0, behavior: "instant" });
}
