"""Reading what the commands print for other programs."""

import re


def figures(printed: str) -> dict[str, int]:
    """Return the numbers of a report by their names."""
    found = re.findall(r"^(\S.*?) {2,}([\d,]+)$", printed, re.MULTILINE)
    return {name: int(number.replace(",", "")) for name, number in found}


def rows(printed: str) -> list[list[str]]:
    """Return the cells of a plain table without its heading."""
    return [re.split(r" {2,}", line.strip()) for line in printed.splitlines()[1:]]
