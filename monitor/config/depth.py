"""How deep do the keys and brackets of a TOML text go, before anybody parses it?

Python's parser takes minutes and gigabytes for a key of some ten thousand parts.
"""

import re

KEY_PARTS = 16
"""So many parts, with dots between them, a key may have; ours have four."""
NESTING = 50
"""So deep arrays and tables in one line may stand in one another; ours stand two deep."""

# None of these goes back over what it has read, whatever the text is: hence the + behind the *, the + and the {}.
_PART = r"""(?:[\w-]++|"(?:[^"\\\n]++|\\.)*+"|'[^'\n]*+')"""
_PIECES = re.compile(
    rf"""
      (?P<lines>\"""|''')
    | (?P<key>(?<![\w-])(?:{_PART}[ \t]*+\.[ \t]*+){{{KEY_PARTS}}}+)
    | "(?:[^"\\\n]++|\\.)*+" | '[^'\n]*+'
    | \#[^\n]*+
    | (?P<opens>[\[{{]) | (?P<closes>[\]}}])
    | (?P<unended>["'])
    """,
    re.VERBOSE,
)


def too_deep(text: str) -> tuple[str, int] | None:
    """What goes too deep, and its place in the text. Text that is no TOML is looked at as far as it may be some."""
    depth, at = 0, 0
    while piece := _PIECES.search(text, at):
        at = piece.end()
        match piece.lastgroup:
            case "key":
                return f"has a key of more than {KEY_PARTS} parts", piece.start()
            case "opens" if depth == NESTING:
                return "is nested too deeply", piece.start()
            case "opens":
                depth += 1
            case "closes":
                depth -= 1
            case "lines":
                at = _behind(text, piece.group(), at)
            case "unended":
                return None  # whoever parses it comes no further either
    return None


def _behind(text: str, quotes: str, at: int) -> int:
    """Where text of several lines ends, which has begun before `at`. Up to two more quotation marks belong to it."""
    while (end := text.find(quotes, at)) >= 0:
        slashes = 0
        while quotes[0] == '"' and text[end - slashes - 1] == "\\" and end - slashes > at:
            slashes += 1
        if slashes % 2 == 0:
            more = re.compile(rf"{quotes[0]}{{0,2}}").match(text, end + 3)
            return more.end() if more else end + 3
        at = end + 1
    return len(text)
