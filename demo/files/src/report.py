"""The nightly report: which berths are taken, and for how long."""

from collections import Counter
from csv import DictReader
from pathlib import Path


def berths_by_length(bookings: Path) -> Counter[str]:
    """Counts the boats of each length class."""
    with bookings.open(newline="") as lines:
        return Counter(length_class(float(row["length_m"])) for row in DictReader(lines))


def length_class(metres: float) -> str:
    return "small" if metres < 8 else "middle" if metres < 15 else "large"


if __name__ == "__main__":
    for name, count in sorted(berths_by_length(Path("bookings.csv")).items()):
        print(f"{name:8}{count:4}")
