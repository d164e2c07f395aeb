"""What a paper says, before it has a form, in the parts that Vietnamese administrative documents have (Decree
30/2020/NĐ-CP, appendix I). All of it is plain text: no form reads anything in it as markup, formula or link.
"""

from dataclasses import dataclass

DENSE = 7  # columns


@dataclass(frozen=True)
class Letterhead:
    """The top: on the left the authority above the issuer ('' where there is none), the issuer, the number;
    on the right the nation, its motto, the place and date."""

    authority: str
    issuer: str
    number: str
    nation: str
    motto: str
    dated: str


@dataclass(frozen=True)
class Heading:
    text: str


@dataclass(frozen=True)
class Text:
    """A paragraph; a `note` stands under a table, small and in italics."""

    text: str
    note: bool = False


@dataclass(frozen=True)
class Column:
    """A column's title, its share of the width, and whether it is centred (else on the left)."""

    title: str
    share: float
    centred: bool = True


@dataclass(frozen=True)
class Table:
    """Rows of as many texts as there are columns; what stands in one may have several lines. `title` names it
    where it stands without the text around it."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def dense(self) -> bool:
        """Whether it needs small type."""
        return len(self.columns) >= DENSE


@dataclass(frozen=True)
class Picture:
    """A picture (JPEG, made by us) under its title; where there is none (b""), `lacking` says so."""

    title: str
    jpeg: bytes
    lacking: str = ""


@dataclass(frozen=True)
class Pictures:
    """Pictures beside one another, of the same width."""

    shown: tuple[Picture, ...]


Block = Heading | Text | Table | Pictures


@dataclass(frozen=True)
class Signing:
    """Who signs: with `said`, who has confirmed already, and how; else room for a signature is left."""

    name: str
    said: str = ""


@dataclass(frozen=True)
class Signature:
    """A column of the foot: the office that signs, how, and the people."""

    title: str
    note: str
    people: tuple[Signing, ...]


@dataclass(frozen=True)
class Recipients:
    """The other column of the foot: who gets the paper."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Paper:
    """A whole paper: 'BÁO CÁO', what it is on (a line each), the body, and both columns of its foot."""

    language: str
    letterhead: Letterhead
    kind: str
    subject: tuple[str, ...]
    blocks: tuple[Block, ...]
    foot: tuple[Recipients | Signature, Signature]

    @property
    def tables(self) -> tuple[Table, ...]:
        return tuple(block for block in self.blocks if isinstance(block, Table))
