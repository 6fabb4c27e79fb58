"""The tree of commands."""

from typing import Annotated

import typer

from gapweave.cli.check import check
from gapweave.cli.choices import Pareto
from gapweave.cli.compare import compare
from gapweave.cli.export import export
from gapweave.cli.instances import instances
from gapweave.cli.optional_value import with_optional_values
from gapweave.cli.profile import profile
from gapweave.cli.run import run
from gapweave.cli.schema import schema
from gapweave.cli.show import show
from gapweave.cli.solve import solve

app = typer.Typer(
    name="gapweave",
    help="Schedule further training jobs into the idle intervals of pipeline-parallel training.",
    epilog="--debug, anywhere, shows the traceback of an error, what a failed rank printed, and what "
    "the solver got over.",
    no_args_is_help=False,
)


def _print_version(asked: bool) -> None:
    if asked:
        from gapweave import __version__
        from gapweave.cli.output import write

        write(f"gapweave {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def overview(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Schedule further training jobs into the idle intervals of pipeline-parallel training."""
    if context.invoked_subcommand is None:
        from gapweave.cli.output import write

        write(context.get_help())


app.command()(solve)
app.command(cls=with_optional_values({"--pareto": Pareto}))(compare)
app.command()(check)
app.command()(show)
app.command()(export)
app.command()(profile)
app.command()(run)
app.add_typer(instances, name="instances")
app.command()(schema)
