"""Blocks of a document that a mask names: where they stand, and what of a look lies outside of them.

A block is named by the path of its element as `dom` names elements ('html/body/div#main/section.news'): what
sites renumber is not in it, and elements that have the same path are one block.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from selectolax.lexbor import LexborHTMLParser, LexborNode

from defacewatch.captures import Box, Look
from defacewatch.compare import dom, nesting, sketch, text
from defacewatch.compare.differences import Facts, differences
from defacewatch.features import Document
from defacewatch.masks import PATH, Outside, Rectangle, Rest, is_bounded
from defacewatch.profiles import Profile

_DEEP = 200  # elements in one another that a block may lie in
_NODES = 60_000  # elements that are passed in search of blocks


@dataclass(frozen=True)
class Region:
    """A block and where it stands on the page as it was captured."""

    path: str
    box: Rectangle


def regions_of(look: Look) -> tuple[Region, ...]:
    """The blocks whose boxes were kept with a capture, in document order."""
    boxes = look.rendering.boxes if look.rendering is not None else ()
    paths: list[str] = []
    for box in boxes:
        above = paths[box.parent] if 0 <= box.parent < len(paths) else "html" if box.parent < 0 else ""
        named = dom.step_of(box.tag, {"class": box.classes, "id": box.name})
        paths.append(f"{above}/{named}" if above else "")
    return tuple(
        Region(path, Rectangle(box.left, box.top, box.width, box.height))
        for path, box in zip(paths, boxes, strict=True)
        if path and len(path) <= PATH and _is_large(box)
    )


def _is_large(box: Box) -> bool:
    return box.width >= 40 and box.height >= 16


def outside_of(look: Look, blocks: Collection[str]) -> Outside:
    """What lies outside of `blocks` in the documents of a look that brought a page."""
    rendering = look.rendering
    shown = None
    if rendering is not None and rendering.failure is None:
        shown = _rest(rendering.html, blocks)
    return Outside(_rest(look.probe.html, blocks), shown)


def _rest(html: str, blocks: Collection[str]) -> Rest:
    whole = dom.read(html)
    paths, words = whole.shingles, _shingles(whole)
    cut = _without(html, blocks)
    if cut is None:
        return Rest(sketch.hashes(paths), sketch.hashes(words), 0.0)
    rest = dom.read(cut)
    # what cutting out alone has made (texts that have come together) is none of the document
    left, said = rest.shingles & paths, _shingles(rest) & words
    share = max(1 - len(left) / max(1, len(paths)), 1 - len(said) / max(1, len(words)))
    return Rest(sketch.hashes(left), sketch.hashes(said), share)


def _shingles(reading: dom.Reading) -> set[str]:
    lines = text.fold("\n".join(block.text for block in reading.blocks)).split("\n")
    return text.shingles(text.words(line) for line in lines)


def _without(html: str, blocks: Collection[str]) -> str | None:
    """A document without its blocks; None where it has none of them."""
    tree = LexborHTMLParser(nesting.parsable(nesting.narrow(html)).encode("utf-8", "replace"))
    found = _found(tree.root, blocks) if tree.root is not None else []
    for node in found:
        node.decompose()
    return (tree.html or "") if found else None


def _found(root: LexborNode, blocks: Collection[str]) -> list[LexborNode]:
    """The outermost elements with these paths."""
    found: list[LexborNode] = []
    waiting: list[tuple[LexborNode, str, int]] = [(root, "", 0)]
    for _ in range(_NODES):
        if not waiting:
            break
        node, above, deep = waiting.pop()
        if not node.is_element_node:
            continue
        named = dom.step_of(node.tag or "", node.attributes)
        path = f"{above}/{named}" if above else named
        if path in blocks:
            found.append(node)
        elif deep < _DEEP and any(block.startswith(f"{path}/") for block in blocks):
            waiting += [(child, path, deep + 1) for child in node.iter()]
    return found


def differences_outside(
    before: Document, after: Document, profile: Profile, rests: tuple[Rest, Rest] | None
) -> Facts:
    """As `differences`; where masked blocks are set apart, structure and text are those of the `rests`. All
    else, and all that is evidence of attack, is of the whole documents."""
    facts = differences(before, after, profile)
    if rests is None:
        return facts
    one, other = rests
    rest = differences(
        replace(before, paths=one.paths, words=one.words),
        replace(after, paths=other.paths, words=other.words),
        profile,
    )
    return replace(
        facts,
        structure=rest.structure,
        text=rest.text,
        unseen=rest.unseen,
        structure_sketch=rest.structure_sketch,
        text_sketch=rest.text_sketch,
    )


def rests_of(
    before: Outside | None, after: Outside | None, which: Callable[[Outside], Rest | None]
) -> tuple[Rest, Rest] | None:
    """The rests of two looks that are to be compared, where the blocks hold no more than they may: a block
    that has grown over the page hides nothing."""
    if before is None or after is None or not (is_bounded(before) and is_bounded(after)):
        return None
    one, other = which(before), which(after)
    return None if one is None or other is None else (one, other)
