"""The table of the cases as Markdown, with what blackbox_exporter said."""

import json


def write(path, rows):
    lines = ["| case | set-up | monitor | outcome | code | blackbox_exporter |", "|---|---|---|---|---|---|"]
    for case, verdict in rows:
        monitor = case.monitor if isinstance(case.monitor, str) else json.dumps(case.monitor, ensure_ascii=False)
        if case.none is not None:
            theirs = f"none: {case.none}"
        elif case.differs is not None:
            theirs = f"{verdict}, differs: {case.differs}"
        else:
            theirs = f"{verdict}, as Valpero"
        cells = [case.name, case.setup, code(monitor), case.outcome, code(case.code) if case.code else "", theirs]
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    with open(path, "w") as file:
        file.write("\n".join(lines) + "\n")


def code(text):
    return f"`{text}`" if text else ""
