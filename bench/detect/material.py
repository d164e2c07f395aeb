"""Real defacement pages: which of the corpus's are any, and which are so alike that they count as one.

Strays are listed in strays.yaml by a hash of their name, made by the rule of `why_stray` (`python -m
bench.detect.material CORPUS` writes it anew); on the fit side the list was read against the pages.
Pages of one make are a group; a whole group stands on one side of the split, that of most of its pages.
"""

import hashlib
import re
import sys
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote_to_bytes

import yaml
from selectolax.lexbor import LexborHTMLParser as Tree

from bench.real.corpus import side as side_of

STRAYS = Path(__file__).with_name("strays.yaml")
ALIKE = 0.5  # share of words and tags in common (Jaccard) from which two pages are of one make

_CLAIM = re.compile(
    r"h[a4@e](?:ck|kk?|x0r|xor)[e3]?[dr]|hacke?a?do|h[a4]ck(?: |ing|er|s)|hacklen|d[e3]f[a4]c|pwn|"
    r"[o0]wn[e3sz]|[o0]wn by|r[o0]{2}t|crack[e3]d|t[o0]uc?c?h?[e3]h?d? by|stamp[e3]d|was ?h[e3]r[e3]|"
    r"w[au]z h[e3]r[e3]|greet[sz]|gr33t|shout[sz]? |thanks? to|"
    r"security|dear admin|sorry admin|cyber|exploit|xploit|invas|vulner|indexed by|tested by|fechado por",
    re.IGNORECASE,
)
_NOTE = re.compile(r"^(?:multiple domains!|more info on this hack!|need mirror!)$", re.IGNORECASE)
_QUOTED = re.compile(rb"(?:%[0-9a-fA-F]{2}){12,}")
_SHIFTED = re.compile(rb"\bdF\('([^'\n]{20,200000})(\d)'\)")
_REFERENCES = "img[src],[background],frame[src],iframe[src],embed[src],object[data],video[src],source[src]"
_READ = 400_000  # bytes of a page that are looked at


@dataclass(frozen=True)
class Defacement:
    """A real defacement page: `source` is 'modern' or 'archived', `page` its file, `folder` what it loads
    from (None where all that is lost). `key` names it without saying whose it is."""

    name: str
    key: str
    source: str
    side: str
    page: Path
    folder: Path | None


def key_of(name: str) -> str:
    """Twelve hex digits that stand for the name of a page of the corpus."""
    return hashlib.sha256(name.encode()).hexdigest()[:12]


def candidates(corpus: Path) -> list[Defacement]:
    """Every page that the corpus calls a defacement, by name, each on the side of its own name."""
    found = [
        Defacement(path.name, key_of(path.name), "modern", side_of(path.name), path, None)
        for path in sorted((corpus / "deface").glob("*.html"))
    ]
    for folder in sorted((corpus / "deface_archive").iterdir()):
        name, page = folder.name, _archived_page(folder)
        found.append(Defacement(name, key_of(name), "archived", side_of(name), page, folder))
    return found


def _archived_page(folder: Path) -> Path:
    """The page itself, where the archive put a note of its own in front of it."""
    index, mirror = folder / "index.html", folder / "mirror.html"
    return mirror if mirror.is_file() and _NOTE.match(_title(_tree(index))) else index


@lru_cache(maxsize=4)
def defacements(corpus: Path) -> tuple[Defacement, ...]:
    """The defacement pages without strays, each on the side of its group."""
    listed = strays()
    kept = [one for one in candidates(corpus) if one.key not in listed]
    sides: dict[str, str] = {}
    for group in groups(kept):
        count = Counter(one.side for one in group).most_common()
        tie = len(count) > 1 and count[0][1] == count[1][1]
        sides |= {one.key: group[0].side if tie else count[0][0] for one in group}
    return tuple(
        Defacement(one.name, one.key, one.source, sides[one.key], one.page, one.folder) for one in kept
    )


def strays() -> dict[str, str]:
    """Why each stray is left out, by key: 'link-index', 'no-claim', 'note', 'empty', 'partial'."""
    listed: dict[str, str] = yaml.safe_load(STRAYS.read_text("utf-8"))["strays"]
    return listed


def why_stray(one: Defacement) -> str | None:
    """Why a page is no defacement, or None when it is one.

    A modern page needs a claim or a greeting of the scene anywhere in its title, text, comments, attributes
    or unquoted scripts, and must be more than a list of links. An archived page is taken at the archive's
    word, unless it is the archive's own note ('note') or shows nothing and claims nothing ('empty';
    'partial' where something that it loaded is lost).
    """
    tree = _tree(one.page)
    said = f"{_title(tree)} {_text(tree)}"
    if one.source == "modern":
        linked = [len(link.text(strip=True)) for link in tree.css("a")]
        if len(linked) > 3 and sum(linked) > 0.7 * len(_text(tree)) and not _CLAIM.search(_title(tree)):
            return "link-index"
        return None if _CLAIM.search(said) or _CLAIM.search(_everything(one.page)) else "no-claim"
    if _NOTE.match(_title(tree)):
        return "note"
    there, lost = _loads(tree, one.page.parent)
    if len(_text(tree)) >= 20 or there or _CLAIM.search(said):
        return None
    return "partial" if lost else "empty"


def _tree(page: Path) -> Tree:
    body = page.read_bytes()[:_READ]
    try:
        return Tree(body.decode("utf-8"))
    except UnicodeDecodeError:
        return Tree(body.decode("latin-1"))


def _title(tree: Tree) -> str:
    found = tree.css_first("title")
    return " ".join(found.text().split()) if found else ""


def _text(tree: Tree) -> str:
    for code in tree.css("script,style,noscript"):
        code.decompose()
    return " ".join(tree.body.text(separator=" ").split()) if tree.body else ""


def _everything(page: Path) -> str:
    """The source, with percent-quoted strings unquoted, and unshifted where a common packer shifted them."""
    body = page.read_bytes()[:_READ]
    plain = _QUOTED.sub(lambda found: unquote_to_bytes(found[0]), body)
    for found in _SHIFTED.finditer(body):
        shift = int(found[2])
        plain += unquote_to_bytes(bytes((c - shift) % 256 for c in unquote_to_bytes(found[1])))
    return unescape(plain.decode("latin-1").replace("\0", ""))


def _loads(tree: Tree, folder: Path) -> tuple[int, int]:
    """How many of the pictures and frames that a page loads are there, and how many are lost."""
    there = lost = 0
    for node in tree.css(_REFERENCES):
        attributes = node.attributes
        reference = attributes.get("src") or attributes.get("background") or attributes.get("data") or ""
        name = reference.split("?")[0].strip("/ ")
        if name and len(name) < 200 and (folder / name).is_file():
            there += 1
        else:
            lost += 1
    return there, lost


def signature(page: Path) -> frozenset[int]:
    """Hashes of the pairs of words and of the runs of four tags that a page is made of."""
    tree = _tree(page)
    tags = [node.tag or "" for node in tree.root.traverse()] if tree.root else []
    words = re.findall(r"\w+", f"{_title(tree)} {_text(tree)}".lower())[:4000]
    pairs = [f"w {a} {b}" for a, b in pairwise(words)] or words
    runs = ["t " + " ".join(tags[n : n + 4]) for n in range(min(2000, len(tags)))]
    return frozenset(
        int.from_bytes(hashlib.blake2b(x.encode(), digest_size=8).digest()) for x in pairs + runs
    )


def groups(pages: list[Defacement]) -> list[list[Defacement]]:
    """Pages of one make together: linked wherever two are `ALIKE`, in the order of their names."""
    marks = [signature(one.page) for one in pages]
    leader = list(range(len(pages)))

    def lead(n: int) -> int:
        while leader[n] != n:
            n = leader[n]
        return n

    for n, mark in enumerate(marks):
        for m in range(n):
            if len(mark & marks[m]) >= ALIKE * max(1, len(mark | marks[m])):
                first, second = sorted((lead(n), lead(m)))
                leader[second] = first
    found: dict[int, list[Defacement]] = {}
    for n, one in enumerate(pages):
        found.setdefault(lead(n), []).append(one)
    return list(found.values())


if __name__ == "__main__":
    rows = [(one.key, reason) for one in candidates(Path(sys.argv[1])) if (reason := why_stray(one))]
    sys.stdout.writelines(f"  {key}: {reason}\n" for key, reason in sorted(rows))
