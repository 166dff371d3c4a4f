"""Links, their QR codes, one-time codes, and who took part so far."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from surveys import access, web
from surveys.access import requires
from surveys.fielding import actions, queries
from surveys.fielding.code_list import build_code_list
from surveys.fielding.forms import BatchForm, OpenForm, WindowForm
from surveys.models import Link, Role, Round
from surveys.participation import participation
from surveys.qr import qr_png, qr_svg
from surveys.questionnaire import Channel

blueprint = Blueprint("fielding", __name__, url_prefix="/console/rounds/<int:round_id>/links")

# An address never changes its meaning, so its picture may be kept by the browser that saw it.
PICTURE_CACHE = "private, max-age=86400"


@dataclass(frozen=True)
class Forms:
    """The three forms of the page; their prefixes keep their fields apart."""

    link: OpenForm
    window: WindowForm
    batch: BatchForm


@blueprint.get("")
@requires(Role.OFFICE)
def links(round_id: int) -> str:
    """Show every link with its QR code, and participation."""
    with web.reading() as session:
        made = queries.round_with_groups(session, round_id)
    return _page(made, _forms(made))


@blueprint.post("/open")
@requires(Role.OFFICE)
def make_open_link(round_id: int) -> Response | tuple[str, int]:
    """Make an open link for a group."""
    with web.reading() as session:
        made = queries.round_for_links(session, round_id)
    forms = _forms(made)
    if not forms.link.validate():
        return _page(made, forms), 422
    with web.transaction() as session:
        actions.make_link(
            session,
            round_id,
            forms.link.group.data,
            Channel.OPEN,
            web.now(),
            label=forms.link.label.data,
            is_shared=forms.link.is_shared.data,
            actor=access.actor(),
        )
    flash(_("The link is ready."), "good")
    return _back(round_id)


@blueprint.post("/windows")
@requires(Role.OFFICE)
def make_window_links(round_id: int) -> Response | tuple[str, int]:
    """Make a window link for one unit, or for every unit that has none."""
    with web.reading() as session:
        made = queries.round_for_links(session, round_id)
    forms = _forms(made)
    if not forms.window.validate():
        return _page(made, forms), 422
    group_id, unit_id = forms.window.group.data, forms.window.unit.data
    is_shared = forms.window.is_shared.data
    with web.transaction() as session:
        now, actor = web.now(), access.actor()
        if unit_id:
            new: tuple[Link, ...] = (
                actions.make_link(
                    session,
                    round_id,
                    group_id,
                    Channel.WINDOW,
                    now,
                    unit_id=unit_id,
                    is_shared=is_shared,
                    actor=actor,
                ),
            )
        else:
            new = actions.make_window_links(session, round_id, group_id, now, is_shared, actor)
    flash(_("%(count)s window links were made.", count=len(new)), "good" if new else "info")
    return _back(round_id)


@blueprint.post("/codes")
@requires(Role.OFFICE)
def make_codes(round_id: int) -> Response | tuple[str, int]:
    """Make a batch of one-time codes; the answer is the list of them, once."""
    with web.reading() as session:
        made = queries.round_for_links(session, round_id)
    forms = _forms(made)
    if not forms.batch.validate():
        return _page(made, forms), 422
    with web.transaction() as session:
        link, tokens = actions.make_batch(
            session,
            round_id,
            forms.batch.group.data,
            forms.batch.count.data,
            web.now(),
            access.actor(),
            label=forms.batch.label.data,
            excluded_unit_id=forms.batch.own_unit.data or None,
        )
    # Only now, after the commit, do the plain codes leave; nothing of them stays here.
    heads = (_("Number"), _("One-time code"), _("Address"))
    mark = _("Demonstration data") if made.is_demonstration else ""
    answer = Response(build_code_list(heads, tokens, _address(link), mark), mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{link.code}-codes.csv")
    return answer


@blueprint.post("/<int:link_id>/switch")
@requires(Role.OFFICE)
def switch_link(round_id: int, link_id: int) -> Response:
    """Switch a link on or off."""
    is_active = request.form.get("active") == "yes"
    with web.transaction() as session:
        actions.switch_link(session, round_id, link_id, is_active, web.now(), access.actor())
    flash(_("The link is on.") if is_active else _("The link is off: it takes no ballots."))
    return _back(round_id)


@blueprint.post("/protection")
@requires(Role.OFFICE)
def switch_protection(round_id: int) -> Response:
    """Have phones do a little work against robots, or no longer."""
    is_on = request.form.get("on") == "yes"
    with web.transaction() as session:
        actions.switch_protection(session, round_id, is_on, web.now(), access.actor())
    flash(
        _("The protection against robots is on.")
        if is_on
        else _("The protection against robots is off.")
    )
    return _back(round_id)


@blueprint.get("/<int:link_id>/qr.svg")
@requires(Role.OFFICE)
def qr_as_svg(round_id: int, link_id: int) -> Response:
    """Return a link's QR code to be scaled and printed."""
    return _picture(qr_svg(_address_of(round_id, link_id)), "image/svg+xml")


@blueprint.get("/<int:link_id>/qr.png")
@requires(Role.OFFICE)
def qr_as_png(round_id: int, link_id: int) -> Response:
    """Return a link's QR code for documents and chats."""
    return _picture(qr_png(_address_of(round_id, link_id)), "image/png")


def _forms(made: Round) -> Forms:
    return Forms(OpenForm(made, "link"), WindowForm(made, "window"), BatchForm(made, "batch"))


def _page(made: Round, forms: Forms) -> str:
    with web.reading() as session:
        links_by_channel = queries.links_by_channel(session, made.id)
        counts = participation(session, made.id)
        codes = queries.token_counts(session, made.id)
    return render_template(
        "fielding/links.html",
        round=made,
        forms=forms,
        links=links_by_channel,
        counts=counts,
        codes=codes,
        channels=Channel,
        may_make=made.state in queries.STATES_FOR_LINKS,
        address=_address,
    )


def _back(round_id: int) -> Response:
    return redirect(url_for("fielding.links", round_id=round_id), 303)


def _address(link: Link) -> str:
    """Return a link's address under the configured base, never under the request's Host header."""
    return queries.link_url(web.installation().settings.base_url, link)


def _address_of(round_id: int, link_id: int) -> str:
    with web.reading() as session:
        return _address(queries.link_in_round(session, round_id, link_id))


def _picture(content: bytes, mimetype: str) -> Response:
    return Response(content, mimetype=mimetype, headers={"Cache-Control": PICTURE_CACHE})
