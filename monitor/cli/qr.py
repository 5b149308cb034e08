"""How is a link drawn on a terminal so that a phone can read it?"""

import segno

QUIET = 4
"""Modules of white on each side, by the standard (ISO 18004)."""
_BLOCKS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
_INK = "\x1b[38;5;16;48;5;231m"
"""Black on white, whatever the terminal's own colours are: a code in white on black is not read by every phone."""
_PLAIN = "\x1b[0m"


def drawn(link: str, *, columns: int, rows: int) -> list[str] | None:
    """Lines of half blocks, two modules a character; None where the terminal has no room for them."""
    code = segno.make(link, error="l", micro=False, boost_error=False)
    modules = [[bool(module) for module in row] for row in code.matrix_iter(border=QUIET)]
    if len(modules) % 2:
        modules.append([False] * len(modules[0]))
    if len(modules[0]) > columns or len(modules) // 2 > rows:
        return None
    return [
        f"{_INK}{''.join(_BLOCKS[upper, lower] for upper, lower in zip(*pair, strict=True))}{_PLAIN}"
        for pair in zip(modules[::2], modules[1::2], strict=True)
    ]
