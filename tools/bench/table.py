"""What was measured, as Markdown.

Knows: how an area's cells, and its aims, become a table. Refuses to know: where they come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tools.bench.plan import SPOILT, Aim, Area, Group
from tools.bench.rounds import Cells

MARKED = (
    "(!): in some of its runs the load of the row was not reached, or it lost frames or missed"
    " turns; such a run is compared with nothing and shows no aim to be met."
)


def area_lines(area: Area, groups: Sequence[tuple[Group, Cells]]) -> list[str]:
    """Return an area's heading, notes and table, and a table of its aims where it has any."""
    titles = [column.title for column in area.columns]
    rows = [
        [group.title, f"{name} (!)" if cells[SPOILT] else name, *_numbers(area, cells)]
        for group, contenders in groups
        for name, cells in contenders.items()
    ]
    lines = [f"### {area.title}", "", *_table(["what", "who", *titles], rows, 2)]
    notes = list(area.notes)
    if any(cells[SPOILT] for _, contenders in groups for cells in contenders.values()):
        notes.append(MARKED)
    if notes:
        lines += ["", " ".join(notes)]
    aims = [list(_aim(area, group, cells, aim)) for group, cells in groups for aim in group.aims]
    if aims:
        lines += ["", *_table(["aim", "at most", "measured", "met"], aims, 1)]
    return lines


def _numbers(area: Area, cells: dict[str, float]) -> Iterator[str]:
    for column in area.columns:
        value = cells.get(column.title)
        yield "" if value is None else f"{value:,.{column.digits}f}"


def _aim(area: Area, group: Group, cells: Cells, aim: Aim) -> Iterator[str]:
    digits = next(column.digits for column in area.columns if column.title == aim.column)
    measured = cells[aim.contender].get(aim.column)
    yield f"{group.title}, {aim.contender}: {aim.column}"
    yield f"{aim.at_most:,g}"
    yield "" if measured is None else f"{measured:,.{digits}f}"
    if measured is None:
        yield "not comparable"
    elif round(measured, digits) > aim.at_most:
        yield "**no**"
    else:
        yield "not shown" if cells[aim.contender][SPOILT] else "yes"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], words: int) -> Iterator[str]:
    """Give a table's lines; the first ``words`` columns are text, the others numbers."""
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' if n < words else '---:' for n in range(len(head)))} |"
    for row in rows:
        yield f"| {' | '.join(row)} |"
