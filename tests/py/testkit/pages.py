"""Tables in pages of docs/ that a script writes."""

from testkit.paths import read, write


def fill(path, name, lines):
    """Replaces what stands between <!-- NAME --> and <!-- /NAME -->."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    head, begins, rest = read(path).partition(begin)
    _, ends, tail = rest.partition(end)
    if not (begins and ends):
        raise SystemExit(f"{path} has no place for the table {name}")
    write(path, head + begin + "\n".join(lines) + "\n" + end + tail)
