"""`flask account`: who may sign in."""

import click

from surveys import audit, web
from surveys.accounts import actions
from surveys.commands import SayingGroup
from surveys.models import Role

account = SayingGroup("account", help="Accounts of the console.")


@account.command("add")
@click.argument("name")
def add(name: str) -> None:
    """Add an account NAME and print its one-time set-up link (also for a forgotten password)."""
    with web.transaction() as session:
        secret = actions.add_account(session, name, Role.OFFICE, web.now())
        audit.record(session, "command", "account added", web.now(), details=name)
    click.echo(actions.setup_url(web.installation().settings.base_url, secret))


COMMANDS = (account,)
