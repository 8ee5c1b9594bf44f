"""The simulator's page in a real browser: what a person sees, taps and types."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.channels.simulator.conftest import Opener, Server

pytestmark = pytest.mark.asyncio(loop_scope="module")

SMALL = {"width": 360, "height": 740}


def phone(page: Page, role: str) -> Locator:
    return page.locator(f"#{role}-phone")


async def write(page: Page, role: str, text: str) -> None:
    field = phone(page, role).get_by_role("textbox")
    await field.fill(text)
    await field.press("Enter")


async def tap(page: Page, role: str, title: str) -> None:
    await phone(page, role).locator(".options").get_by_role("button", name=title).last.click()


async def choose(page: Page, role: str, title: str) -> None:
    await tap(page, role, "Choose")
    await phone(page, role).get_by_role("dialog").get_by_role("button", name=title).click()


async def book(page: Page) -> None:
    await write(page, "client", "I’d like to book")
    await choose(page, "client", "Clinic visit")
    await tap(page, "client", "Individual therapy")
    await expect(phone(page, "client").get_by_text("These times are free")).to_be_visible()
    await choose(page, "client", "Wed 10 Mar, 11:00")
    await tap(page, "client", "Yes")


async def test_typing_is_answered_and_the_field_is_empty_again(visit: Opener) -> None:
    page = (await visit()).page
    await write(page, "client", "Hi")
    client = phone(page, "client")
    await expect(client.locator(".message.own .words")).to_have_text(["Hi"])
    await expect(client.locator(".message.theirs .words")).to_contain_text(
        ["Hello, this is the Lindenhof Practice"]
    )
    await expect(client.locator(".ticks")).to_have_attribute("aria-label", "handled")
    await expect(client.get_by_role("textbox")).to_have_value("")
    await expect(client.locator(".day")).to_have_text("Today")
    await expect(client.locator(".message time").first).to_have_text("09:00")


async def test_a_whole_booking_by_taps_is_approved_on_the_other_phone(visit: Opener) -> None:
    page = (await visit()).page
    await book(page)
    await expect(phone(page, "therapist").get_by_text("New request from Ana")).to_be_visible()
    await tap(page, "therapist", "Approve")
    await expect(phone(page, "client").get_by_text("your appointment is confirmed")).to_be_visible()
    await expect(page.locator("#bookings .status")).to_have_text("confirmed")


async def test_the_lit_state_and_the_way_there_follow_the_conversation(visit: Opener) -> None:
    page = (await visit()).page
    flow = page.locator("#client-flow")
    lit = flow.locator(".box.here")
    await expect(lit).to_have_attribute("data-state", "idle")
    await write(page, "client", "I’d like to book")
    await expect(lit).to_have_attribute("data-state", "choosing_service_type")
    await expect(lit).to_have_attribute("aria-current", "step")
    await expect(flow.locator(".box.passed")).to_have_attribute("data-state", "next_question")
    await expect(flow.locator(".line.lit")).to_have_count(2)
    await expect(flow.locator(".label text")).to_have_text(["book.appointment → noted", "type_missing"])
    await write(page, "client", "human")
    await expect(lit).to_have_attribute("data-state", "with_a_person")
    await expect(flow.locator(".line.lit")).to_have_count(1)
    await flow.locator("summary").click()
    await expect(flow.locator(".everywhere li.lit")).to_have_count(0)  # this state has a way there of its own


async def test_a_rule_that_holds_everywhere_is_lit_in_its_list(visit: Opener) -> None:
    page = (await visit()).page
    flow = page.locator("#client-flow")
    await write(page, "client", "human")
    await expect(flow.locator(".line.detour.lit")).to_have_count(1)
    await flow.locator("summary").click()
    await expect(flow.locator(".everywhere li.lit")).to_contain_text("human")


async def test_pointing_at_a_state_tells_what_it_is_for_and_where_it_leads(visit: Opener) -> None:
    page = (await visit()).page
    note = page.locator("#client-flow .note")
    await expect(note).to_be_hidden()
    await page.locator("#client-flow [data-state=giving_address]").hover()
    await expect(note).to_contain_text("The therapist travels")
    await expect(note.locator("li")).to_have_text(["give.addressholding slot", "after 10mletting go"])
    await page.locator("#client-flow [data-state=stopped]").focus()
    await expect(note).to_contain_text("asked for no more messages")


async def test_while_a_turn_runs_the_practice_is_typing(visit: Opener) -> None:
    opened = await visit()
    page, desk = opened.page, opened.server.desk
    desk.thinking.clear()
    await write(page, "client", "Hi")
    client = phone(page, "client")
    await expect(client.get_by_role("status")).to_have_text("typing…")
    await expect(client.locator(".dots")).to_be_visible()
    await expect(client.locator(".ticks")).to_have_attribute("aria-label", "received")
    desk.thinking.set()
    await expect(client.locator(".dots")).to_have_count(0)
    await expect(client.locator(".message.theirs")).to_have_count(1)


async def test_a_second_client_has_a_phone_and_a_diagram_of_their_own(visit: Opener) -> None:
    page = (await visit()).page
    await write(page, "client", "I’d like to book")
    await expect(phone(page, "client").locator(".message")).to_have_count(2)
    await phone(page, "client").get_by_role("button", name="+ client").click()
    await expect(phone(page, "client").get_by_role("tab", selected=True)).to_have_text("Ben")
    await expect(phone(page, "client").locator(".message")).to_have_count(0)
    await expect(page.locator("#client-flow .box.here")).to_have_attribute("data-state", "idle")
    await phone(page, "client").get_by_role("tab", name="Ana").click()
    await expect(phone(page, "client").locator(".message")).to_have_count(2)
    await expect(page.locator("#client-flow .box.here")).to_have_attribute(
        "data-state", "choosing_service_type"
    )


async def test_what_comes_for_somebody_else_is_counted_until_it_is_looked_at(visit: Opener) -> None:
    page = (await visit()).page
    await book(page)
    await phone(page, "client").get_by_role("button", name="+ client").click()
    await tap(page, "therapist", "Approve")
    ana = phone(page, "client").get_by_role("tab", name="Ana")
    await expect(ana.locator(".badge")).to_have_text("1")
    await ana.click()
    await expect(ana.locator(".badge")).to_be_hidden()
    await expect(phone(page, "client").locator(".unread")).to_have_text("New")


async def test_who_reads_further_up_is_not_moved_but_told(visit: Opener) -> None:
    page = (await visit(viewport={"width": 1440, "height": 560})).page
    await book(page)
    client = phone(page, "client")
    await expect(client.get_by_text("Sent. I will write")).to_be_in_viewport()
    await client.locator(".thread").evaluate("thread => thread.scrollTop = 0")
    newest = client.locator(".newest")
    await expect(newest).to_be_visible()
    await tap(page, "therapist", "Approve")
    await expect(newest.locator(".badge")).to_have_text("1")
    assert await client.locator(".thread").evaluate("thread => thread.scrollTop") == 0
    await newest.click()
    await expect(client.get_by_text("your appointment is confirmed")).to_be_in_viewport()
    await expect(newest).to_be_hidden()


async def test_a_clock_that_cannot_be_moved_says_why_until_it_can(visit: Opener) -> None:
    page = (await visit()).page
    span, banner = page.get_by_label("Another span"), page.get_by_role("alert")
    await span.fill("-5h")
    await span.press("Enter")
    await expect(banner).to_contain_text("“-5h” is no span of time")
    await expect(span).to_have_attribute("aria-invalid", "true")
    await span.fill("1h")
    await span.press("Enter")
    await expect(page.locator(".now")).to_have_text("10:00 Mon 8 Mar")
    await expect(banner).to_be_hidden()


async def test_moving_the_clock_lets_the_timers_fire(visit: Opener) -> None:
    page = (await visit()).page
    await write(page, "client", "I’d like to book")
    await expect(page.locator("#client-flow .box.here")).to_have_attribute(
        "data-state", "choosing_service_type"
    )
    await page.get_by_label("Another span").fill("1d 1h")
    await page.get_by_label("Another span").press("Enter")
    await expect(page.locator(".now")).to_have_text("10:00 Tue 9 Mar")
    await expect(page.locator("#client-flow .box.here")).to_have_attribute("data-state", "idle")
    await expect(phone(page, "client").locator(".day")).to_have_text(["Yesterday", "Today"])
    await page.get_by_role("button", name="+10 min").click()
    await expect(page.locator(".now")).to_have_text("10:10 Tue 9 Mar")


@pytest.mark.parametrize(
    ("typed", "now"),
    [
        ("25h", "10:00 Tue 9 Mar"),
        ("90 min", "10:30 Mon 8 Mar"),
        ("1D", "09:00 Tue 9 Mar"),
        ("2 days", "09:00 Wed 10 Mar"),
    ],
)
async def test_a_span_is_understood_as_people_type_it(visit: Opener, typed: str, now: str) -> None:
    page = (await visit()).page
    await page.get_by_label("Another span").fill(typed)
    await page.get_by_label("Another span").press("Enter")
    await expect(page.locator(".now")).to_have_text(now)


@pytest.mark.parametrize("typed", ["soon", "-1h", "1h tomorrow", "0h", "1.5h", "5"])
async def test_what_is_no_span_is_marked_and_moves_nothing(visit: Opener, typed: str) -> None:
    page = (await visit()).page
    field = page.get_by_label("Another span")
    await field.fill(typed)
    await field.press("Enter")
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(page.locator(".now")).to_have_text("09:00 Mon 8 Mar")


async def test_a_hint_is_put_into_the_phone_it_is_for(visit: Opener) -> None:
    page = (await visit()).page
    await page.locator("#hints").get_by_role("button", name="What’s on today?").click()
    await expect(phone(page, "therapist").get_by_role("textbox")).to_have_value("What’s on today?")
    await expect(phone(page, "therapist").get_by_role("textbox")).to_be_focused()


async def test_markup_in_a_message_is_text_and_stars_are_bold(visit: Opener) -> None:
    page = (await visit()).page
    await write(page, "client", "<img src=x onerror=alert(1)> and *bold* 2*3*4")
    words = phone(page, "client").locator(".own .words")
    await expect(words).to_have_text("<img src=x onerror=alert(1)> and bold 2*3*4")
    await expect(words.locator("strong")).to_have_text("bold")


async def test_a_lost_server_is_announced_and_nothing_is_sent_twice(visit: Opener, server: Server) -> None:
    page = (await visit()).page
    await server.stop()
    banner = page.get_by_role("alert")
    await expect(banner).to_contain_text("Connection lost")
    await write(page, "client", "Are you there?")
    trouble = phone(page, "client").locator(".trouble")
    await expect(trouble).to_contain_text("Not sent.")
    await server.start()
    await expect(banner).to_be_hidden()
    await trouble.get_by_role("button", name="Try again").click()
    await expect(phone(page, "client").locator(".message.theirs")).to_have_count(1)
    await expect(phone(page, "client").locator(".own .words")).to_have_text(["Are you there?"])
    await expect(trouble).to_have_count(0)


async def test_a_message_whose_answer_got_lost_counts_as_sent_once_it_is_seen(
    visit: Opener, server: Server
) -> None:
    """The server takes the message and its answer is lost; the stream brings the message back."""
    page = (await visit()).page
    bodies: list[str | None] = []

    async def lose_the_first_answer(route: Route) -> None:
        bodies.append(route.request.post_data)
        if len(bodies) == 1:
            await route.fetch()
            await route.abort("connectionrefused")
        else:
            await route.continue_()

    server.desk.thinking.clear()
    await page.route("**/simulator/say", lose_the_first_answer)
    await write(page, "client", "Hi")
    await expect(phone(page, "client").locator(".own .words")).to_have_text(["Hi"])
    server.desk.thinking.set()
    await expect(phone(page, "client").locator(".message.theirs")).to_have_count(1)
    await expect(phone(page, "client").locator(".trouble")).to_have_count(0)
    assert len(bodies) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_at_phone_width_one_thing_is_shown_and_nothing_sticks_out(visit: Opener, scheme: str) -> None:
    page = (await visit(viewport=SMALL, is_mobile=True, has_touch=True, color_scheme=scheme)).page
    await book(page)
    for name, shown, hidden in (
        ("Client", "#client-phone", "#therapist-phone"),
        ("Therapist", "#therapist-phone", "#client-phone"),
        ("Diagram", "#side", "#client-phone"),
    ):
        await page.locator(".views").get_by_role("tab", name=name).click()
        await expect(page.locator(shown)).to_be_visible()
        await expect(page.locator(hidden)).to_be_hidden()
        assert await page.evaluate("document.documentElement.scrollWidth") <= SMALL["width"]
    await page.locator(".views").get_by_role("tab", name="Therapist").click()
    await tap(page, "therapist", "Approve")
    await expect(page.locator("[data-show=client] .badge")).to_have_text("1")


async def test_on_a_phone_the_list_is_as_wide_as_the_screen_and_the_diagram_stays_legible(
    visit: Opener,
) -> None:
    page = (await visit(viewport=SMALL, is_mobile=True, has_touch=True)).page
    await write(page, "client", "I’d like to book")
    await tap(page, "client", "Choose")
    sheet = await phone(page, "client").get_by_role("dialog").bounding_box()
    assert sheet is not None
    assert (sheet["x"], sheet["width"]) == (0, SMALL["width"])
    await page.keyboard.press("Escape")
    await page.locator(".views").get_by_role("tab", name="Diagram").click()
    await expect(page.locator("#client-flow .box.here")).to_be_in_viewport(ratio=1)
    assert await page.locator("#client-flow svg").evaluate("svg => svg.getScreenCTM().a") > 0.99  # not shrunk


@pytest.mark.parametrize("width", [1241, 1280, 1421, 1440])
async def test_on_a_desk_no_card_cuts_what_is_in_it(visit: Opener, width: int) -> None:
    page = (await visit(viewport={"width": width, "height": 900})).page
    for card in await page.locator(".card").all():
        assert await card.evaluate("card => card.scrollWidth - card.clientWidth") <= 0


async def test_the_whole_conversation_can_be_had_with_the_keyboard(visit: Opener) -> None:
    page = (await visit()).page
    await phone(page, "client").get_by_role("textbox").focus()
    await page.keyboard.type("I’d like to book")
    await page.keyboard.press("Enter")
    choose_button = phone(page, "client").get_by_role("button", name="Choose")
    await choose_button.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog").get_by_role("button", name="In-call")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(phone(page, "client").locator(".own .words").last).to_have_text("Clinic visit")
    await phone(page, "therapist").get_by_role("tab", name="Anna Berg").focus()
    await page.keyboard.press("ArrowRight")
    await expect(phone(page, "therapist").get_by_role("tab", name="Malik Odum")).to_be_focused()
    await expect(phone(page, "therapist").get_by_role("tab", selected=True)).to_have_text("Malik Odum")
