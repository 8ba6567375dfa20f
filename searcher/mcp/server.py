"""An MCP server over `SearchService`: the read-only questions as tools for language models, over stdio.

Protocol: https://modelcontextprotocol.io. The package ``mcp`` is the extra of the same name.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import anyio
from pydantic import ValidationError

from indexer.errors import JewelryError, MissingExtra, UsageError
from indexer.fields.roles import RESERVED
from indexer.store.filters.tree import known_fields
from indexer.system.text import one_line
from indexer.version import __version__
from searcher.mcp.arguments import MOST_PICTURES
from searcher.mcp.budget import shortened, within, written
from searcher.mcp.tools import TOOLS, Found
from searcher.questions.unknown_names import told
from searcher.questions.wording import all_in_words
from searcher.settings import MOST_CHARACTERS

if TYPE_CHECKING:
    from mcp import types
    from mcp.server import Server

    from searcher.service import SearchService

NAME = "jewelry-similarity"
MOST_ERRORS = 5
MOST_LETTERS = 1500
"""Of a line that says what is wrong."""
MOST_FIELDS = 4000
"""Letters of the fields that a model is told of before its first question."""

log = logging.getLogger(__name__)


def require_extra() -> None:
    """Raises ``MissingExtra`` where the package ``mcp`` is not installed."""
    if find_spec("mcp") is None:
        raise MissingExtra("mcp", "mcp")


def make_server(service: SearchService, most_characters: int = MOST_CHARACTERS) -> Server[Any]:
    """The server: lists the tools, and answers their calls from the service, each in a thread of its own.

    What goes wrong is the tool's answer, one line, so that the model can correct itself. An answer has so many
    characters at most; see `searcher.mcp.budget`.

    Raises:
        MissingExtra: the extra ``mcp`` is not installed.
        StoreError: there is no index, or it cannot be read.
    """
    require_extra()
    from mcp import types
    from mcp.server import Server

    hints = types.ToolAnnotations(read_only_hint=True, idempotent_hint=True)
    tools = [
        types.Tool(
            name=name, title=tool.title, description=tool.description, input_schema=tool.schema(), annotations=hints
        )
        for name, tool in TOOLS.items()
    ]

    async def list_tools(_context: Any, _params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=tools)

    async def call_tool(_context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        return await anyio.to_thread.run_sync(_call, service, params.name, params.arguments or {}, most_characters)

    return Server(
        NAME,
        version=__version__,
        title="Jewelry similarity",
        instructions=instructions(service),
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def instructions(service: SearchService) -> str:
    """What a model is told before its first question: what this is, and the fields of this catalog."""
    fields = known_fields(service.published().store.record.field_table)
    own = [f"{name} ({kind})" for name, kind in fields.items() if name.partition(".")[0] not in RESERVED]
    told = shortened(", ".join(own), MOST_FIELDS)
    return (
        "Search in the catalog of a jewelry shop, by looks and by words. Products have ids; get them from search_text, "
        f"similar or facets, never invent them. Fields that where can filter: {told}."
    )


def serve_stdio(service: SearchService, most_characters: int = MOST_CHARACTERS) -> None:
    """Answer the program that started this one, over stdin and stdout, until it closes them.

    Raises:
        MissingExtra: the extra ``mcp`` is not installed.
        StoreError: there is no index, or it cannot be read.
        UsageError: stdin or stdout is closed.
        JewelryError: nobody reads the answers any more.
    """
    server = make_server(service, most_characters)
    from searcher.mcp.wire import over_stdio

    async def run() -> None:
        async with over_stdio() as (read, write):
            await server.run(read, write, server.create_initialization_options())

    anyio.run(run)


def _call(service: SearchService, name: str, arguments: dict[str, Any], most: int) -> types.CallToolResult:
    try:
        tool = TOOLS.get(name)
        if tool is None:
            raise UsageError(f"there is no tool {name[:100]!r}; there are: {', '.join(TOOLS)}")
        found = tool.ask(service, tool.arguments.model_validate(arguments))
        return _content(found, most)
    except JewelryError as error:
        return _failed(one_line(error))
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False, include_context=False)
        return _failed(_refused(name, told(wrong, TOOLS[name].arguments)))
    except Exception:  # a bug: the model learns that it is one, the log the rest
        log.exception("unexpected error in the tool %r", name)
        return _failed(f"{name}: an unexpected error; the log of searcher mcp has it")


def _content(found: Found, most: int) -> types.CallToolResult:
    from mcp import types

    document = within(found.document, most, found.offset)
    content: list[types.ContentBlock] = [types.TextContent(text=_unicode(written(document)))]
    for name, path in found.shown(document)[:MOST_PICTURES]:
        try:
            data = base64.b64encode(path.read_bytes()).decode()
        except OSError:
            continue  # a sync cleaned up meanwhile
        content += [types.TextContent(text=_unicode(name)), types.ImageContent(data=data, mime_type="image/webp")]
    return types.CallToolResult(content=content)


def _failed(line: str) -> types.CallToolResult:
    from mcp import types

    return types.CallToolResult(
        content=[types.TextContent(text=_unicode(shortened(line, MOST_LETTERS)))], is_error=True
    )


def _refused(name: str, found: Sequence[Any]) -> str:
    """What is wrong with the arguments, in one line."""
    wrong = all_in_words(found)
    rows = [f"{place or 'arguments'}: {said}" for place, said in wrong[:MOST_ERRORS]]
    more = f" (and {len(wrong) - MOST_ERRORS} more)" if len(wrong) > MOST_ERRORS else ""
    return one_line(Exception(f"{name}: {'; '.join(rows)}{more}"))


def _unicode(text: str) -> str:
    """Without lone surrogates, which JSON can carry and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode()
