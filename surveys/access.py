"""Who may: the guard that every route carries, and who is signed in."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from flask import g, redirect, request, url_for

from surveys.models import Role
from surveys.refusals import NotAllowed

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Person:
    """Who is signed in."""

    account_id: int
    name: str
    role: Role


def person() -> Person | None:
    """Return who is signed in on this request; `accounts` puts them there."""
    found: Person | None = g.get("person")
    return found


def actor() -> str:
    """Return the name that the audit writes down."""
    found = person()
    return found.name if found else "-"


def public(view: View) -> View:
    """Open a route to everybody."""
    view.guard = "public"  # type: ignore[attr-defined]
    return view


def requires(role: Role) -> Callable[[View], View]:
    """Open a route to accounts of a role; others are sent to sign in, or refused."""

    def guarded(view: View) -> View:
        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            found = person()
            if found is None:
                # After signing in one comes back to a page, never to an act.
                back = request.full_path.rstrip("?") if request.method == "GET" else None
                return redirect(url_for("accounts.sign_in", next=back))
            if found.role is not role:
                raise NotAllowed
            return view(*args, **kwargs)

        checked.guard = f"role:{role}"  # type: ignore[attr-defined]
        return checked  # type: ignore[return-value]

    return guarded
