"""The rows that benchmarks report, printed as a table and kept in `benchmarks/latest.json`."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

LATEST = Path(__file__).parent / "latest.json"


@dataclass(frozen=True)
class Row:
    """One comparison. `target` reads `>= 0.9` or `<= 4`, of the ratio, or of `ours` without a baseline.

    A row without a target only informs.
    """

    name: str
    ours: float
    unit: str
    baseline: float | None
    baseline_name: str | None
    ratio: float | None
    target: str | None

    @property
    def holds(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.target is None:
            return None
        sign, bound = self.target.split()
        value = self.ours if self.ratio is None else self.ratio
        return value >= float(bound) if sign == ">=" else value <= float(bound)


def write(rows: Sequence[Row], path: Path = LATEST) -> None:
    """Keep these rows; rows of benchmarks that did not run this time stay as they were."""
    kept = {row["name"]: row for row in json.loads(path.read_text())} if path.exists() else {}
    kept |= {row.name: {**asdict(row), "holds": row.holds} for row in rows}
    path.write_text(json.dumps(list(kept.values()), indent=1) + "\n")


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned text."""
    cells = [("benchmark", "ours", "baseline", "ratio", "target", "")]
    for row in rows:
        baseline = "" if row.baseline is None else f"{_short(row.baseline)} ({row.baseline_name})"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        verdict = {True: "holds", False: "MISSED", None: ""}[row.holds]
        cells.append(
            (row.name, f"{_short(row.ours)} {row.unit}", baseline, ratio, row.target or "", verdict)
        )
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def _short(value: float) -> str:
    for bound, suffix in ((1e6, "M"), (1e3, "k")):
        if value >= bound:
            return f"{value / bound:.2f}{suffix}"
    return f"{value:.3g}"
