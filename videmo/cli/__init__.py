"""The command line: options in, one call, one line out; a module for each command."""

from __future__ import annotations

import logging
import os
import signal
import sys

import click

from videmo import __version__
from videmo.cli.annotate import annotate
from videmo.cli.archive import doctor, prune, status, verify
from videmo.cli.collect import collect
from videmo.cli.compare import compare
from videmo.cli.convert import convert
from videmo.cli.demo import demo
from videmo.cli.evaluate import evaluate
from videmo.cli.export import export
from videmo.cli.extract import extract
from videmo.cli.find import find, index
from videmo.cli.live import live
from videmo.cli.model import model
from videmo.cli.people import people
from videmo.cli.plot import plot
from videmo.cli.progress import LogAside
from videmo.cli.report import report
from videmo.cli.scan import scan
from videmo.cli.summary import summary
from videmo.cli.tell import say
from videmo.cli.train import train
from videmo.cli.view import view
from videmo.errors import VidemoError

INTERRUPTED = 130

COMMANDS = (
    *(scan, extract, report, view, people, annotate, convert, plot, live, demo),
    *(find, index, summary, compare),
    *(status, verify, prune, doctor),
    *(collect, train, evaluate, export, model),
)

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=_CONTEXT)
@click.version_option(__version__, prog_name="videmo")
def cli() -> None:
    """Find and cut every moment of a movie at which somebody looks happy (angry, sad, ...).

    \b
    Two passes, joined by a table:
      videmo scan movie.mp4                           movie -> movie.mp4.faces.csv
      videmo extract --emotion happy --repeat 5       table -> faces, clips, contact sheet

    Nothing leaves your machine.
    """


for _command in COMMANDS:
    cli.add_command(_command)


def main() -> None:
    """Run the command line; the one place where errors become lines and exit codes."""
    form, handlers = "videmo: %(message)s", [LogAside()]
    logging.basicConfig(format=form, level=logging.WARNING, handlers=handlers)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to be stopped is to be interrupted
    try:
        cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except VidemoError as error:
        say(f"videmo: {error}")
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        say("videmo: interrupted; run the same command again")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has gone; so that the interpreter does not write the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
