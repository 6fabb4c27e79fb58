"""``gapweave instances``: the problem instances that ship, and making new ones."""

import typer

from gapweave.cli.instances.listing import list_instances
from gapweave.cli.instances.making import make
from gapweave.cli.instances.showing import show_instance

instances = typer.Typer(help="List, show and make problem instances.", no_args_is_help=False)
instances.command("list")(list_instances)
instances.command("show")(show_instance)
instances.command("make")(make)
