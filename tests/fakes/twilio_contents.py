"""The fake Twilio's Content API: what may be made, what WhatsApp approves, what a content is when sent.

It takes JSON only, and refuses what goes beyond the published limits. Approval is for tests to give: until
`decide` is called, a template that was submitted is `received`.

Where two of Twilio's pages disagree on a limit, the smaller holds here. Assumed: that variables are filled in
inside titles, ids and descriptions, too; that two titles of one message must differ; that the label of a
list's button is demanded and has 20 characters at most.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from aiohttp import web

from tests.fakes.twilio_listing import page_asked_for, token_of
from tests.fakes.twilio_messages import RefusedByTwilio

TYPES = {"twilio/text": 1600, "twilio/quick-reply": 1024, "twilio/list-picker": 1024}
"""The kinds that are known here, with the longest body of each."""
TEMPLATE_BODY = 1024
CATEGORIES = {"UTILITY", "MARKETING", "AUTHENTICATION"}
VARIABLE = re.compile(r"\{\{(\d+)\}\}")
NOT_APPROVED = {"rejected": 63040, "paused": 63041, "disabled": 63042}
"""What is reported of a template that is sent although WhatsApp has turned it away."""
BLANKS = re.compile(r"\s{5,}")
WORD = re.compile(r"[^\W_]+")

Button = tuple[str, str]


@dataclass(slots=True)
class MadeContent:
    """One content resource."""

    sid: str
    friendly_name: str
    language: str
    variables: dict[str, str]
    types: dict[str, Any]
    approval: dict[str, str] = field(default_factory=lambda: {"status": "unsubmitted"})

    @property
    def kind(self) -> str:
        """Which of `TYPES`."""
        return next(iter(self.types))

    @property
    def body(self) -> str:
        """The text with its variables."""
        return str(self.types[self.kind]["body"])

    def as_json(self) -> dict[str, object]:
        """As the API shows it."""
        return {
            "sid": self.sid,
            "account_sid": "AC" + "0123456789abcdef" * 2,
            "friendly_name": self.friendly_name,
            "language": self.language,
            "variables": self.variables,
            "types": self.types,
        }

    def render(self, variables: Mapping[str, str]) -> tuple[str, tuple[Button, ...]]:
        """The body and what can be tapped, with these variables. Raises RefusedByTwilio."""
        _check_values(self, variables)
        body = _filled(self.body, variables)
        _demand(len(body) <= 1024 or self.kind == "twilio/text", 63021, "The body is too long")
        buttons = tuple(
            (_filled(title, variables), _filled(id_, variables)) for title, id_, _ in _options(self)
        )
        longest = 24 if self.kind == "twilio/list-picker" else 20
        titles = [title for title, _ in buttons]
        _demand(all(0 < len(title) <= longest for title in titles), 63013, "A title is too long")
        _demand(len({*titles}) == len(titles), 63013, "Two titles are the same")
        _demand(all(0 < len(id_) <= 128 for _, id_ in buttons), 63013, "An id is too long")
        _demand(
            all(len(_filled(about, variables)) <= 72 for *_, about in _options(self)), 63013, "description"
        )
        is_session = self.approval["status"] != "approved" and self.kind == "twilio/quick-reply"
        _demand(not is_session or len(buttons) <= 3, 63013, "More than 3 buttons need an approved template")
        return body, buttons


class ContentBook:
    """The contents of one account. `writes`: how many requests changed something."""

    def __init__(self) -> None:
        self.contents: dict[str, MadeContent] = {}
        self.writes = 0

    def named(self, name: str) -> MadeContent:
        """The newest content of this text, or whose friendly name is or begins so."""
        exactly = [one for one in self.contents.values() if one.friendly_name.startswith(f"{name}_en_")]
        return (exactly or [one for one in self.contents.values() if one.friendly_name.startswith(name)])[-1]

    def decide(self, name: str, status: str = "approved", reason: str = "") -> None:
        """WhatsApp's answer on the newest template of this name."""
        made = self.named(name)
        assert made.approval["status"] != "unsubmitted", f"{name} was never submitted"
        made.approval |= {"status": status, "rejection_reason": reason}

    def decide_all(self, status: str = "approved") -> None:
        """The same answer on everything that was submitted."""
        for made in self.contents.values():
            if made.approval["status"] in {"received", "pending"}:
                made.approval["status"] = status

    def create(self, asked: Any) -> MadeContent:  # noqa: ANN401  # whatever was posted
        """Make a content. Raises RefusedByTwilio."""
        _demand(isinstance(asked, dict) and bool(asked.get("language")), 20001, "language is required")
        types = asked.get("types")
        _demand(isinstance(types, dict) and len(types) == 1, 20001, "types must hold one type")
        _demand(next(iter(types)) in TYPES, 20001, "Unknown type")
        made = MadeContent(
            sid="HX" + uuid4().hex,
            friendly_name=str(asked.get("friendly_name", "")),
            language=asked["language"],
            variables=asked.get("variables", {}),
            types=types,
        )
        _check_content(made)
        self.contents[made.sid] = made
        self.writes += 1
        return made

    def submit(self, made: MadeContent, asked: Any) -> dict[str, str]:  # noqa: ANN401  # as above
        """Ask WhatsApp to approve. Raises RefusedByTwilio."""
        name, category = asked.get("name", ""), asked.get("category", "")
        _demand(bool(re.fullmatch(r"[a-z0-9_]{1,512}", name)), 20001, "The name must be lower case")
        _demand(category in CATEGORIES, 20001, "Unknown category")
        _demand(made.kind != "twilio/list-picker", 20001, "A list picker cannot be approved")
        _demand(made.approval["status"] == "unsubmitted", 20001, "Submitted already")
        taken = {one.approval.get("name") for one in self.contents.values()}
        _demand(name not in taken, 20001, "A template of this name exists")
        fault = _fault_of_template(made)
        made.approval = {
            "name": name,
            "category": category,
            "content_type": made.kind,
            "status": "rejected" if fault else "received",
            "rejection_reason": fault,
        }
        self.writes += 1
        return made.approval

    def add_routes(self, app: web.Application) -> None:
        """The parts of the API that are here."""
        app.router.add_post("/v1/Content", self._create)
        app.router.add_get("/v1/Content/{sid}", self._fetch)
        app.router.add_delete("/v1/Content/{sid}", self._delete)
        app.router.add_post("/v1/Content/{sid}/ApprovalRequests/whatsapp", self._submit)
        app.router.add_get("/v1/Content/{sid}/ApprovalRequests", self._approval)
        app.router.add_get("/v1/ContentAndApprovals", self._list)

    async def _create(self, request: web.Request) -> web.Response:
        return web.json_response(self.create(await _json(request)).as_json(), status=201)

    async def _submit(self, request: web.Request) -> web.Response:
        return web.json_response(self.submit(self._asked(request), await _json(request)), status=201)

    async def _fetch(self, request: web.Request) -> web.Response:
        return web.json_response(self._asked(request).as_json())

    async def _approval(self, request: web.Request) -> web.Response:
        made = self._asked(request)
        return web.json_response({"sid": made.sid, "whatsapp": made.approval})

    async def _delete(self, request: web.Request) -> web.Response:
        del self.contents[self._asked(request).sid]
        self.writes += 1
        return web.Response(status=204)

    async def _list(self, request: web.Request) -> web.Response:
        page, size = page_asked_for(request.query)
        newest_first = list(reversed(self.contents.values()))
        shown = newest_first[page * size : (page + 1) * size]
        more = len(newest_first) > (page + 1) * size
        asked = request.url.update_query(Page=page + 1, PageToken=token_of(page + 1))
        following = f"https://content.twilio.com{asked.path_qs}"
        return web.json_response(
            {
                "contents": [one.as_json() | {"approval_requests": one.approval} for one in shown],
                "meta": {"page": page, "page_size": size, "next_page_url": following if more else None},
            }
        )

    def _asked(self, request: web.Request) -> MadeContent:
        made = self.contents.get(request.match_info["sid"])
        if made is None:
            raise RefusedByTwilio(404, 20404, "The requested resource was not found")
        return made


async def _json(request: web.Request) -> Any:  # noqa: ANN401  # whatever was posted
    _demand(request.content_type == "application/json", 20001, "Content-Type must be application/json")
    try:
        return await request.json()
    except json.JSONDecodeError:
        raise RefusedByTwilio(400, 20001, "The body is not JSON") from None


def _demand(holds: bool, code: int, why: str) -> None:  # noqa: FBT001  # a condition
    if not holds:
        raise RefusedByTwilio(400, code, why)


def _options(made: MadeContent) -> Iterator[tuple[str, str, str]]:
    """Title, id and description of everything that can be tapped."""
    content = made.types[made.kind]
    for action in content.get("actions", ()):
        yield action["title"], action["id"], ""
    for item in content.get("items", ()):
        yield item["item"], item["id"], item.get("description", "")


def _filled(text: str, variables: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda found: variables[found[1]], text)


def _check_content(made: MadeContent) -> None:
    content, options = made.types[made.kind], list(_options(made))
    _demand(0 < len(made.body) <= TYPES[made.kind], 20001, "The body is missing or too long")
    if made.kind == "twilio/quick-reply":
        _demand(1 <= len(options) <= 10, 20001, "1 to 10 buttons")
        _demand(all(action["type"] == "QUICK_REPLY" for action in content["actions"]), 20001, "type")
    if made.kind == "twilio/list-picker":
        _demand(1 <= len(options) <= 10, 20001, "1 to 10 items")
        _demand(0 < len(content.get("button", "")) <= 20, 20001, "button is required, up to 20 characters")
    longest = 24 if made.kind == "twilio/list-picker" else 20
    fixed = [title for title, *_ in options if not VARIABLE.search(title)]
    _demand(all(0 < len(title) <= longest for title in fixed), 20001, "A title is too long")
    _demand(all(0 < len(id_) <= 128 for _, id_, _ in options), 20001, "An id is missing or too long")
    _demand(all(len(about) <= 72 for *_, about in options), 20001, "A description is too long")
    for column in range(2):
        cells = [option[column] for option in options]
        _demand(len({*cells}) == len(cells), 20001, "Titles and ids must be unique")
    _check_variables(made)


def _check_variables(made: MadeContent) -> None:
    names, count = set(made.variables), len(made.variables)
    _demand(count <= 100, 20001, "More than 100 variables")
    _demand(names == {str(number) for number in range(1, count + 1)}, 20001, "Number the variables from 1")
    _demand(
        all(0 < len(one) <= 1600 for one in made.variables.values()), 20001, "A variable needs an example"
    )
    used = VARIABLE.findall(json.dumps(made.types))
    _demand({*used} == names, 20001, "Not every variable has an example and is used")


def _check_values(made: MadeContent, variables: Mapping[str, str]) -> None:
    _demand(variables.keys() == made.variables.keys(), 63028, "The number of variables does not match")
    for value in variables.values():
        _demand(0 < len(value) <= 1600 and "\n" not in value, 21656, "A variable is empty or has a line end")
        _demand(not BLANKS.search(value), 63013, "More than four blanks in a variable")


def _fault_of_template(made: MadeContent) -> str:
    """Why WhatsApp would not approve it; empty if it would."""
    body, found = made.body, list(VARIABLE.finditer(made.body))
    edges = (body[: found[0].start()], body[found[-1].end() :]) if found else ("a", "z")
    between = [body[one.end() : other.start()] for one, other in itertools.pairwise(found)]
    words = len(WORD.findall(VARIABLE.sub(" ", body)))
    faults = {
        "The body is too long": len(body) > TEMPLATE_BODY,
        "Too many blanks": bool(BLANKS.search(body)),
        "Variables must not be at the start or end": not all(map(WORD.search, edges)),
        "Variables must not be next to each other": not all(map(str.strip, between)),
        "Too many variables for the length of the text": bool(found) and words < 2 * len(found) + 1,
    }
    return next((why for why, holds in faults.items() if holds), "")
