"""What the farm answers: rules, no sockets. All of it follows from the layout, the looks and the clock."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache

from bench.scale import attacks
from bench.scale.attacks import Kind
from bench.scale.generated import WIDGET
from bench.scale.layout import FAILS_EVERY, SUPPLIER, Layout, Place, Trouble
from bench.scale.looks import File, Look, Slot, file
from bench.scale.stitch import Part, gzipped, part, plain

HTML = "text/html; charset=utf-8"
WRITTEN = 1_790_000_000.0  # when the files were: they stay the same however often the farm is started
_TAG_PATH = "/the/"  # of the supplier: a page's own script
_WIDGET_PATH = "/cdn/tien-ich.js"


@dataclass(frozen=True)
class Request:
    """What of a request matters here; names of headers in `headers` are in lower case."""

    host: str
    path: str
    headers: Mapping[str, str]

    @property
    def by_browser(self) -> bool:
        return "sec-fetch-dest" in self.headers


@dataclass(frozen=True)
class Answer:
    """A status, a head (header lines with their line ends) and a body."""

    status: int
    head: bytes
    body: bytes = b""


@dataclass
class Counts:
    """What a portal was asked for. `most` is how many requests of probes were under way at once."""

    probes: int = 0
    browsers: int = 0
    unchanged: int = 0
    files: int = 0
    errors: int = 0
    under_way: int = 0
    most: int = 0


@dataclass
class Defacement:
    """`at` and `shown_at` are seconds since 1970: when it was done, and when it was first given away."""

    number: int
    kind: Kind
    at: float
    shown_at: float | None = None
    restored_at: float | None = None


@dataclass
class Farm:
    """The portals. `clock` gives seconds since 1970; each page publishes an update every `update_every`
    seconds (0: never), each at its own time. `troubled` are the troubles that are switched on, `failing`
    whether some answers are errors."""

    layout: Layout
    looks: Sequence[Look]
    clock: Callable[[], float]
    update_every: float = 0.0
    troubled: frozenset[Trouble] = frozenset()
    failing: bool = False
    began: float = 0.0
    defaced: dict[int, Defacement] = field(default_factory=dict)
    history: list[Defacement] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.began = self.clock()
        self.places = {place.host: place for place in self.layout.places}
        self.counts = {place.number: Counts() for place in self.layout.places}
        self.supplied = Counter[str]()
        self.widget = file(WIDGET.encode(), _WIDGET_PATH)
        self.gaps: list[float] = []  # seconds between two looks at a healthy page, whoever looked
        self._looked_at: dict[int, float] = {}
        self._restored_at: dict[int, float] = {}
        self._made = 0

    def trouble(self, host: str) -> Trouble | None:
        """What ails a host now."""
        place = self.places.get(host)
        return place.trouble if place is not None and place.trouble in self.troubled else None

    def deface(self, numbers: Iterable[int], kind: Kind) -> list[Defacement]:
        """Deface pages. Raises ValueError, having done nothing, where that cannot be done to one of them."""
        places = [self.layout.places[number] for number in numbers]
        for place in places:
            if place.number in self.defaced:
                raise ValueError(f"page {place.number} is defaced already")
            if not attacks.possible(kind, self.looks[place.look], own_tag=place.own_tag):
                raise ValueError(f"page {place.number} has nothing to swap for: {kind}")
        done = [Defacement(place.number, kind, self.clock()) for place in places]
        self.defaced |= {one.number: one for one in done}
        self.history += done
        return done

    def restore(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            if (was := self.defaced.pop(number, None)) is not None:
                was.restored_at = self._restored_at[number] = self.clock()

    def begin(self, update_every: float) -> None:
        """Forget what was counted, and let the pages publish from now on."""
        self.began, self.update_every = self.clock(), update_every
        self.counts = {number: Counts() for number in self.counts}
        self.supplied.clear()
        self.gaps.clear()
        self._looked_at.clear()

    def version(self, place: Place) -> int:
        """How many updates a page has published since the farm began."""
        if not self.update_every or not self.looks[place.look].shown:
            return 0
        share = int.from_bytes(hashlib.sha256(f"update:{place.number}".encode()).digest()[:8]) / 2**64
        return int((self.clock() - self.began) / self.update_every + share)

    def answer(self, request: Request) -> Answer:
        if request.host == SUPPLIER:
            return self._supplied(request)
        place = self.places.get(request.host)
        if place is None:
            return _missing()
        look, counts = self.looks[place.look], self.counts[place.number]
        path = request.path.partition("?")[0]
        if path != look.path:
            counts.files += 1
            return self._file(place, look, path, request)
        if request.by_browser:
            counts.browsers += 1
        else:
            counts.probes += 1
        if self.failing and place.fails and (counts.probes + counts.browsers) % FAILS_EVERY == 0:
            counts.errors += 1
            return Answer(503, _head(("content-type", HTML)), b"<h1>Service Unavailable</h1>")
        self._note(place)
        answer = self._document(place, look, request)
        counts.unchanged += answer.status == 304
        return answer

    def _note(self, place: Place) -> None:
        if place.trouble is None:
            now = self.clock()
            if (before := self._looked_at.get(place.number)) is not None:
                self.gaps.append(now - before)
            self._looked_at[place.number] = now

    def _document(self, place: Place, look: Look, request: Request) -> Answer:
        defacement = self._given(place, Kind.WHOLE, Kind.LINKS)
        version, kind = self.version(place), defacement.kind if defacement else None
        headers = [("content-type", HTML)]
        if place.tokens:
            headers += [("cache-control", "no-store"), ("set-cookie", f"ASP.NET_SessionId={self._token()}")]
        else:
            # equal pages have equal validators: pages that are like another can be known by those of it
            etag = f'"{place.look}-{version}{f"-{kind.name}-{place.number}" if kind else ""}"'
            headers += [("etag", etag), ("last-modified", self._modified(place, version, defacement))]
            if request.headers.get("if-none-match") == etag:
                return Answer(304, _head(*headers[1:]))
        if kind is Kind.WHOLE:
            pieces: list[Part | bytes] = [attacks.whole(place.number)]
        else:
            pieces = [
                self._slot(place, look, piece, version) if isinstance(piece, Slot) else piece
                for piece in look.pieces
            ]
        return _sent(request, headers, pieces)

    def _file(self, place: Place, look: Look, path: str, request: Request) -> Answer:
        found = look.files.get(path)
        if found is None:
            return _missing()
        swapped = {look.hero: Kind.HERO, look.sheet: Kind.SHEET}.get(path)
        defacement = self._given(place, swapped) if swapped else None
        if defacement is not None:
            found = attacks.replacement(defacement.kind, place.number)
        at = defacement.at if defacement else self._restored_at.get(place.number, WRITTEN)
        return self._served(found, request, at, bare=look.bare and place.tokens)

    def _supplied(self, request: Request) -> Answer:
        path = request.path.partition("?")[0]
        self.supplied[path if path == _WIDGET_PATH else _TAG_PATH] += 1
        number = path.removeprefix(_TAG_PATH).removesuffix(".js")
        if path == _WIDGET_PATH:
            return self._served(self.widget, request, WRITTEN)
        if not number.isdigit() or int(number) >= self.layout.size:
            return _missing()
        place = self.layout.places[int(number)]
        defacement = self._given(place, Kind.SCRIPT)
        if defacement is not None:
            return self._served(attacks.replacement(Kind.SCRIPT, place.number), request, defacement.at)
        return self._served(_tag(place.number), request, WRITTEN)

    def _served(self, found: File, request: Request, at: float, *, bare: bool = False) -> Answer:
        headers = [("content-type", found.kind)]
        if not bare:
            headers += [("etag", found.etag), ("last-modified", formatdate(at, usegmt=True))]
            if request.headers.get("if-none-match") == found.etag:
                return Answer(304, _head(*headers[1:]))
        if found.pieces:
            return _sent(request, headers, found.pieces)
        return Answer(200, _head(*headers), found.plain)

    def _given(self, place: Place, *kinds: Kind) -> Defacement | None:
        """The page's defacement, if it is of one of these kinds: it is being given away now."""
        found = self.defaced.get(place.number)
        if found is None or found.kind not in kinds:
            return None
        if found.shown_at is None:
            found.shown_at = self.clock()
        return found

    def _slot(self, place: Place, look: Look, slot: Slot, version: int) -> Part | bytes:
        if slot is Slot.NEWS:
            return _news(look.headlines, look.shown, version)
        if slot is Slot.TAG:
            return f'<script src="{self._supplier}{_TAG_PATH}{place.number}.js" defer></script>'.encode() * (
                place.own_tag
            )
        if slot is Slot.INJECTED:
            found = self.defaced.get(place.number)
            return attacks.links(place.number) if found and found.kind is Kind.LINKS else b""
        if not place.tokens:
            return b""
        token = self._token()
        if slot is Slot.META:
            return f'<meta name="csrf-token" content="{token}">'.encode()
        if slot is Slot.FORM:
            return f'<input type="hidden" name="__RequestVerificationToken" value="{token}">'.encode()
        if slot is Slot.NONCE:
            return f'<script nonce="{token[:16]}">window.congMoi=1;</script>'.encode()
        if slot is Slot.FRESH:
            return f"?v={token[:10]}".encode() if look.number % 4 == 0 else b""
        return f"<!-- {self.clock():.3f} may-chu-{token[0]} -->".encode()

    @property
    def _supplier(self) -> str:
        return f"http://{SUPPLIER}:{self.layout.port}"

    def _token(self) -> str:
        self._made += 1
        return hashlib.md5(f"{self.layout.seed}:{self._made}".encode(), usedforsecurity=False).hexdigest()

    def _modified(self, place: Place, version: int, defacement: Defacement | None) -> str:
        at = defacement.at if defacement else self._restored_at.get(place.number, self.began)
        return formatdate(at + version, usegmt=True)


@lru_cache(maxsize=4096)
def _news(headlines: tuple[str, ...], shown: int, version: int) -> Part:
    """The list after so many updates: the newest first."""
    some = (headlines[(n - version) % len(headlines)] for n in range(shown))
    return part("".join(f"<li><a href='/tin-moi'>{title}</a></li>" for title in some).encode())


@lru_cache(maxsize=256)
def _tag(number: int) -> File:
    return file(f"window.theTrang={number};\n".encode(), "the.js")


def _sent(request: Request, headers: Sequence[tuple[str, str]], pieces: Sequence[Part | bytes]) -> Answer:
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Answer(200, _head(*headers), plain(pieces))
    return Answer(200, _head(*headers, ("content-encoding", "gzip")), gzipped(pieces))


def _missing() -> Answer:
    return Answer(404, _head(("content-type", "text/plain")), b"Not Found")


def _head(*headers: tuple[str, str]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode()
