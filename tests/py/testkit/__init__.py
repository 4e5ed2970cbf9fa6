"""What the suites written in Python and the benchmarks share.

A script finds it by one line, the same in each, before its own imports:

    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "py"))
"""
