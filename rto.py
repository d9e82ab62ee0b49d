"""The program ``rto``: one command line over training and serving, each imported when asked for."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import click

from features.errors import RtoError, told

if TYPE_CHECKING:
    from features.settings import Settings


INTERRUPTED = 130
"""What shells report of a program that SIGINT (2) has ended: 128 + 2."""


class Place(NamedTuple):
    """Where a command lives, and the line ``rto --help`` shows for it without importing it."""

    target: str
    says: str


COMMANDS: dict[str, Place] = {
    "demo": Place(
        "serving.commands.demo:demo", "Set up an invented year, train on it and serve it."
    ),
    "sandbox": Place(
        "serving.sandbox.command:sandbox", "Play WhatsApp and the customer for a trial."
    ),
    "simulate": Place(
        "training.simulate_command:simulate", "Invent a year of orders with known truth."
    ),
    "columns": Place("training.columns_command:columns_", "Say what a file's columns hold."),
    "import": Place("training.import_command:import_", "Bring a shop's export to a data folder."),
    "features": Place(
        "training.features_command:features_", "Compute the as-of features of a data folder."
    ),
    "train": Place("training.train_command:train_", "Learn a model from past orders."),
    "backtest": Place(
        "training.backtest_command:backtest_", "Replay past orders as if they were live."
    ),
    "evaluate": Place("training.evaluate_command:evaluate_", "Report what predictions were worth."),
    "score": Place("training.score_command:score_", "Score a file of orders in one batch."),
    "monitor": Place(
        "training.monitor_command:monitor", "Say whether the world has moved since training."
    ),
    "models": Place("training.models_command:models_", "List the trained models."),
    "promote": Place("rto:promote", "Release a trained model to the servers."),
    "rollback": Place("rto:rollback", "Go back to the model before."),
    "trial": Place(
        "serving.commands.trial:trial", "Try a model on one merchant, or in the shadow."
    ),
    "serve": Place("serving.commands.serve:serve", "Serve the API and the pages."),
    "worker": Place("serving.processes.worker:worker", "Send messages and fold history."),
    "load": Place("serving.commands.load:load", "Load past orders into the live store."),
    "export": Place("serving.commands.export:export", "Write the live log as tables."),
    "backup": Place("serving.commands.backup:backup", "Write the whole log to one file."),
    "restore": Place("serving.commands.backup:restore", "Bring a backup into an empty log."),
    "prune": Place("serving.commands.prune:prune", "Remove what need not be kept any longer."),
    "doctor": Place(
        "serving.commands.doctor:doctor", "Check that an installation is fit to serve."
    ),
    "recheck": Place("serving.commands.recheck:recheck", "Recompute decisions and compare."),
    "explain": Place("serving.commands.explain:explain", "Show one decision in full."),
    "merchant": Place("serving.commands.merchant:merchant", "Add and close merchants."),
    "user": Place("serving.commands.user:user", "Let people open the pages."),
    "key": Place("serving.commands.key:key", "Make, replace and revoke API keys."),
    "list": Place("serving.commands.list:list_", "Import and show allow and block lists."),
    "channel": Place("serving.commands.channel:channel", "Connect a merchant's WhatsApp number."),
    "shop": Place(
        "serving.commands.shop:shop", "Connect a shop whose orders come in by themselves."
    ),
    "hook": Place("serving.commands.hook:hook", "Tell a merchant's own systems what happens."),
    "messages": Place(
        "serving.commands.messages:messages", "List what did not arrive, and send it again."
    ),
    "templates": Place(
        "serving.commands.templates:templates", "Print the message templates to submit."
    ),
    "rehash": Place("serving.commands.rehash:rehash", "Follow a new version of RTO_HASH_KEY."),
    "erase": Place("serving.commands.erase:erase", "Erase a person."),
    "audit": Place("serving.commands.audit:audit", "Show who did what."),
    "settings": Place("serving.commands.settings:settings", "Print every setting."),
}


class LateGroup(click.Group):
    """A group whose commands are imported only when one of them is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every command, in the order of a newcomer's way through them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return one command, or None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].target.split(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands from the table, so that help imports none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, place.says) for name, place in COMMANDS.items()])


@click.group(cls=LateGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rto")
def cli() -> None:
    """Open risk scoring for return-to-origin (RTO) of cash-on-delivery orders."""


@click.command()
@click.argument("version")
@click.option("--force", is_flag=True, help="Promote although promotions are frozen.")
def promote(version: str, *, force: bool) -> None:
    """Release VERSION: its gates, its files, the log's event, then the alias ``champion``.

    Running servers follow within seconds. While RTO_FREEZE_UNTIL lies ahead, as in a sale, it is
    refused; rto rollback never is.
    """
    from features.catalogue import CATALOGUE
    from features.settings import load_settings
    from serving.model import Promotion, announce
    from training.release import promote as release
    from training.release import refuse_while_frozen

    settings = load_settings()
    if not force:
        refuse_while_frozen(settings.freeze_until)
    done = release(
        version,
        home=settings.home,
        models_dir=settings.models_dir,
        features=CATALOGUE,
        announce=lambda name, digest: announce(settings, Promotion(name, digest)),
    )
    click.echo(f"{done.version} is champion; its bundle lies in {done.path}")
    _mirror(done.path, settings)


@click.command()
def rollback() -> None:
    """Go back to the model that was champion before, at once."""
    from features.catalogue import CATALOGUE
    from features.settings import load_settings
    from serving.model import Promotion, announce, promotions
    from training.release import rollback as go_back

    settings = load_settings()
    done = go_back(
        promotions(settings),
        models_dir=settings.models_dir,
        features=CATALOGUE,
        announce=lambda name, digest: announce(settings, Promotion(name, digest)),
    )
    click.echo(f"{done.version} is champion again")
    _mirror(done.path, settings)


def _mirror(bundle: Path, settings: Settings) -> None:
    """Let MLflow's alias say what the log has said; servers follow the log either way."""
    from training.tracked import crown

    try:
        crown(bundle, settings)
    except RtoError as error:
        click.echo(f"rto: only MLflow does not know it yet: {error}", err=True)


def main() -> None:
    """Run the program; whatever a user can mend ends in one line on stderr and status 1 or 2."""
    try:
        sys.exit(cli(prog_name="rto", standalone_mode=False))
    except click.exceptions.NoArgsIsHelpError as nothing:
        nothing.show()
        sys.exit(2)
    except click.ClickException as error:
        _end(_usage(error), error.exit_code)
    except KeyboardInterrupt as stopped:
        _end(_interrupted(stopped), INTERRUPTED)
    except click.Abort as stopped:
        if isinstance(stopped.__cause__, KeyboardInterrupt):
            _end(_interrupted(stopped.__cause__), INTERRUPTED)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)
    except Exception as error:
        if (says := told(error)) is None:
            raise
        _end(says, 1)


def _interrupted(stopped: KeyboardInterrupt) -> str:
    """One line, with what a command had to say about where it was interrupted."""
    return ": ".join(["interrupted", *map(str, stopped.args)])


def _usage(error: click.ClickException) -> str:
    """What was wrong with the command, and where to read on, in one line."""
    says = " ".join(error.format_message().split())
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{says} ({context.command_path} --help)" if context else says


def _end(says: str, status: int) -> NoReturn:
    click.echo(f"rto: {says}", err=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
