"use strict";
// Draws a mask on the picture of a page, with a pointer or with arrow keys. Without this the fields say where it
// lies, and the server shows what it covers.
(() => {
  const canvas = document.getElementById("canvas");
  const form = document.getElementById("draw");
  const outline = document.getElementById("block-shown");
  const drawn = document.getElementById("drawn");
  const measure = document.getElementById("measure");
  const PAGE = 1280, WIDE = 160, TALL = 40, FIRST = 800, HIDDEN = 0.8;
  const end = Math.ceil(Number(document.querySelector("#canvas img").getAttribute("height")) / TALL) * TALL;
  const fields = form ? ["left", "top", "width", "height"].map((name) => document.getElementById(name)) : [];
  const blocks = [...document.querySelectorAll("#blocks [data-box]")];
  const none = document.querySelector(".none-covered");

  // Boxes are [left, top, width, height], in px of the page.
  const place = (rect, box) => {
    const [left, top, width, height] = box ?? [0, 0, 0, 0];
    for (const [name, value] of Object.entries({ x: left, y: top, width, height })) rect.setAttribute(name, value);
  };
  const boxesOf = (item) => item.dataset.box.split(";").map((box) => box.split(" ").map(Number));
  const within = (value, most) => Math.max(0, Math.min(most, value));
  // The whole cells of the grid around a box.
  const onGrid = ([left, top, width, high]) => {
    const x = Math.floor(left / WIDE) * WIDE, y = Math.floor(top / TALL) * TALL;
    return [x, y, Math.ceil((left + width) / WIDE) * WIDE - x, Math.ceil((top + high) / TALL) * TALL - y];
  };
  const common = (one, other) =>
    Math.max(0, Math.min(one[0] + one[2], other[0] + other[2]) - Math.max(one[0], other[0])) *
    Math.max(0, Math.min(one[1] + one[3], other[1] + other[3]) - Math.max(one[1], other[1]));
  const current = () => {
    const box = fields.map((field) => (field.value === "" ? NaN : Number(field.value)));
    return box.length && box.every(Number.isInteger) && box[2] > 0 && box[3] > 0 ? onGrid(box) : null;
  };

  // What stands in a list is shown on the picture while one points at it.
  for (const item of document.querySelectorAll("[data-box]")) {
    const lines = boxesOf(item).map(([left, top, width, high]) => `M${left} ${top}h${width}v${high}h${-width}z`);
    const show = (path) => outline.setAttribute("d", path);
    for (const sign of ["pointerenter", "focusin"]) item.addEventListener(sign, () => show(lines.join("")));
    for (const sign of ["pointerleave", "focusout"]) item.addEventListener(sign, () => show(""));
  }
  if (!form) return;

  const show = (box) => {
    place(drawn, box);
    const share = box ? common(box, [0, 0, PAGE, FIRST]) / (PAGE * FIRST) : 0;
    const percent = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });
    measure.textContent = box ? measure.dataset.text.replace("{share}", `${percent.format(100 * share)} %`) : "";
    let covered = 0;
    for (const item of blocks) {
      const covers = (area) => common(box, area) >= HIDDEN * area[2] * area[3];
      item.hidden = !box || !boxesOf(item).some(covers);
      if (item.hidden) item.querySelector("input").checked = false;
      else covered += 1;
    }
    if (none) none.hidden = covered > 0;
  };
  const fill = (box) => {
    fields.forEach((field, at) => (field.value = box ? box[at] : ""));
    show(box);
  };
  for (const field of fields) field.addEventListener("input", () => show(current()));
  show(current());

  // --- with a pointer ---------------------------------------------------------------------------------
  const pen = document.getElementById("pen");
  if (matchMedia("(any-pointer: coarse)").matches) pen.hidden = false;
  pen.addEventListener("click", () => {
    const on = canvas.classList.toggle("touch");
    pen.setAttribute("aria-pressed", String(on));
  });
  let from = null;
  const at = (event) => {
    const area = canvas.getBoundingClientRect();
    const scale = PAGE / area.width;
    return [
      within(Math.round((event.clientX - area.left) * scale), PAGE),
      within(Math.round((event.clientY - area.top) * scale), end),
    ];
  };
  const stretch = (event) => {
    const [x, y] = at(event);
    const box = [Math.min(x, from[0]), Math.min(y, from[1]), Math.abs(x - from[0]), Math.abs(y - from[1])];
    if (box[2] > 3 && box[3] > 3) fill(onGrid(box));
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || (event.pointerType === "touch" && !canvas.classList.contains("touch"))) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    from = at(event);
  });
  canvas.addEventListener("pointermove", (event) => from && stretch(event));
  canvas.addEventListener("pointerup", () => (from = null));
  canvas.addEventListener("pointercancel", () => (from = null));

  // --- with keys --------------------------------------------------------------------------------------
  const steps = { ArrowLeft: [-WIDE, 0], ArrowRight: [WIDE, 0], ArrowUp: [0, -TALL], ArrowDown: [0, TALL] };
  canvas.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return fill(null);
    if (event.key === "Enter") return document.getElementById("reason").focus();
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    const box = current();
    if (!box) return fill([0, 0, WIDE, TALL]);
    const [left, top, width, high] = box;
    if (event.shiftKey) {
      fill([left, top, Math.max(WIDE, Math.min(PAGE - left, width + step[0])), Math.max(TALL, Math.min(end - top, high + step[1]))]);
    } else {
      fill([within(left + step[0], PAGE - width), within(top + step[1], end - high), width, high]);
    }
  });
})();
