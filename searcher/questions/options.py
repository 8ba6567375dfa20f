"""What every question about products takes besides what it asks with: number, filters, style, explanation."""

# No annotations from __future__: an option is read out of its annotation, and texts would have to be compiled anew.

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self, TypedDict

from indexer.errors import UsageError
from indexer.store.filters.where import Where, where_json
from searcher.questions.declared import Option, check, check_names, declared

MAX_PRODUCTS = 10_000
"""Ceiling of offset + k: an engine has no paging over products, so that many are fetched and grouped."""

STYLE_POOL = 500
"""Products that boosts, caps, diversity and colour choose among; the same for every page: pages fit together."""

Per = Literal["group", "product"]
"""What an answer holds one of; without groups in the catalog both are one."""

WHERE = Option(
    "Filters, all of which must hold: `category=rings`, `metal=gold|silver`, `category!=watches`, `price=100..500`, "
    "`price<=500`, `in_stock=true`, `title~pearl`, `created>=2026-01-31`, `stone=` (has none).",
    ("--where", "-w"),
    "FILTER",
    items=50,
    example=["category=rings", "price<=500"],
    command="Only products that pass; repeat it for AND.",
)
FIELDS = Option(
    "Payload fields to return; default: all.",
    ("--field",),
    "NAME",
    items=200,
    tool="Product fields to return; default: the shop's own; []: none.",
)


class Wanted(TypedDict, total=False):
    """The options as keyword arguments: what a type checker cannot read out of `Options`; a test compares the two."""

    k: int
    offset: int
    where: Where
    min_score: float | None
    fields: Sequence[str] | None
    preset: str | None
    boosts: Sequence[str]
    caps: Sequence[str]
    diversity: float
    colour: float
    relax: Sequence[str]
    facets: Sequence[str]
    explain: bool
    exact: bool
    per: Per


@dataclass(frozen=True, slots=True)
class Options:
    """Options of a question, checked; all forms of a question are made from this declaration.

    Raises:
        UsageError: a value that makes no sense.
    """

    k: Annotated[int, Option(f"How many products, 1 to {MAX_PRODUCTS}.", ("-k",), "N", least=1, most=MAX_PRODUCTS)] = 10
    offset: Annotated[
        int,
        Option(
            "Products skipped before the first: page n of size k begins at n times k.",
            ("--offset",),
            "N",
            least=0,
            most=MAX_PRODUCTS,
        ),
    ] = 0
    where: Annotated[Where, WHERE] = None
    """See `indexer.store.filters.text_form`."""
    min_score: Annotated[
        float | None, Option("Least cosine of an answer, -1 to 1.", ("--min-score",), "S", least=-1, most=1)
    ] = None
    fields: Annotated[Sequence[str] | None, FIELDS] = None
    preset: Annotated[
        str | None,
        Option(
            "A filter relative to the product asked with: other-metal, cheaper …",
            ("--preset",),
            "NAME",
            example="other-metal",
            tool="Filter relative to the product asked with: `same-` or `other-` before `category`, `metal`, "
            "`stone` or `brand`; or `cheaper`, `same-price`, `dearer`.",
        ),
    ] = None
    """See `searcher.search.style.presets`."""
    boosts: Annotated[
        Sequence[str],
        Option("Add to the score: in_stock:0.05.", ("--boost",), "BOOST", items=20, example=["in_stock:0.05"]),
    ] = ()
    """See `searcher.search.style.boosts`."""
    caps: Annotated[
        Sequence[str],
        Option("At most N products of one value: brand:2.", ("--cap",), "FIELD:N", items=20, example=["brand:2"]),
    ] = ()
    diversity: Annotated[
        float,
        Option(
            "0 orders by score alone; the more, the less alike each is to those above it.",
            ("--diversity",),
            "D",
            least=0,
            most=1,
        ),
    ] = 0.0
    """See `searcher.search.style.diversity`."""
    colour: Annotated[
        float,
        Option(
            "Like this, and in these colours: 0 goes by looks alone, 1 by colours alone; 0.2 costs no likeness.",
            ("--colour",),
            "W",
            least=0,
            most=1,
            example=0.2,
            command="0 to 1: how much colours count beside looks.",
            tool="How much the colours of the product or photo asked with count beside its looks, 0 to 1; try 0.3.",
        ),
    ] = 0.0
    """See `searcher.search.ground.colours`."""
    relax: Annotated[
        Sequence[str],
        Option(
            "Fields whose filters may be dropped, in this order, when fewer than k pass; * is any.",
            ("--relax",),
            "FIELD",
            items=50,
            command="Drop its filter if too few pass; * is any.",
        ),
    ] = ()
    """``*`` drops the last filter first."""
    facets: Annotated[
        Sequence[str], Option("Fields whose values are counted over what matches.", ("--facet",), "FIELD", items=20)
    ] = ()
    """See `searcher.search.facets.counting`."""
    explain: Annotated[bool, Option("Say of each product why it is there.", ("--explain",))] = False
    exact: Annotated[bool, Option("Compare with every photo instead of walking the graph.", ("--exact",))] = False
    per: Annotated[
        Per,
        Option(
            "group: of products with one group_id, the best; product: each by itself.",
            ("--per",),
            "group|product",
            tool="group: of products that are versions of one piece, the best; product: each by itself.",
        ),
    ] = "group"
    """See `searcher.search.ground.per`."""

    def __post_init__(self) -> None:
        check(self)
        if self.relax and self.where is not None and not isinstance(self.where, str | list | tuple):
            raise UsageError("relax drops filter texts one by one; a filter tree or JSON cannot be relaxed")
        if self.last > MAX_PRODUCTS:
            raise UsageError(
                f"offset {self.offset} with k {self.k} is out of bounds: offset + k is at most {MAX_PRODUCTS} products"
            )
        if (self.styled or self.colour) and self.last > STYLE_POOL:
            raise UsageError(
                f"offset {self.offset} with k {self.k}: boosts, caps, diversity and colour choose among the "
                f"{STYLE_POOL} products most alike, so offset + k is at most {STYLE_POOL}"
            )

    @classmethod
    def of(cls, wanted: Wanted) -> Self:
        """The options that were given as keyword arguments; raises ``UsageError`` for a name that is not known."""
        check_names(cls, wanted)
        return cls(**wanted)

    @property
    def last(self) -> int:
        """Number of products up to the end of this page."""
        return self.offset + self.k

    @property
    def styled(self) -> bool:
        """Whether the order is other than that of the scores found."""
        return bool(self.boosts or self.caps or self.diversity)

    @property
    def pool(self) -> int:
        """How many candidates have to be fetched."""
        return STYLE_POOL if self.styled else self.last

    @property
    def reach(self) -> int:
        """How many products are looked at: facets count all that reach a least score."""
        if self.colour:
            return STYLE_POOL
        return MAX_PRODUCTS if self.facets and self.min_score is not None else self.pool

    def to_json(self) -> dict[str, Any]:
        """The options that are not at their default, as plain JSON values; k, where and exact always."""
        shown: dict[str, Any] = {"k": self.k, "where": where_json(self.where), "exact": self.exact}
        for one in declared(Options):
            value = getattr(self, one.name)
            if one.name not in shown and value != one.default:
                shown[one.name] = list(value) if one.many else value
        return shown
