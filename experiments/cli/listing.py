"""``zoo list``: tables, stored weights, what can be exported, and what other packages add."""

import argparse


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the command to the ``zoo`` parser."""
    parser = commands.add_parser("list", help="list tables and stored networks")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from zoo import extensions
    from zoo.experiments.families import listed
    from zoo.products import exportable
    from zoo.store import VARIABLE, home
    from zoo.weights import names, stored_provenance

    print("tables (zoo reproduce PAPER TABLE):")
    for paper, found in listed().items():
        for name, table in found.items():
            print(f"  {f'{paper} {name}'.replace('_', '-'):28} {table.title}")
    print("stored weights:")
    for name in names():
        entry = stored_provenance(name)
        print(f"  {name:44} {entry.bytes / 2**20:4.1f} MiB  {entry.data}")
    print("products (zoo export NAME DIR):")
    for name in exportable():
        print(f"  {name}")
    print(f"weights that you train are kept in {home()}; {VARIABLE} moves it")
    added = {kind: extensions.names(kind) for kind in extensions.KINDS}
    if any(added.values()):
        print("added by other packages:")
        for kind in filter(added.get, added):
            print(f"  {kind:32} {', '.join(added[kind])}")
    return 0
