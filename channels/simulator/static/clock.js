// The clock bar: shows the simulated time and moves it forward.

import { post } from "./line.js";
import { shortDay, span, time } from "./moment.js";

/** @param {{complain: (text: string) => void, settle: () => void}} banner where to say what went wrong */
export function clock(form, story, { complain, settle }) {
  const field = form.elements.span;
  const shown = form.querySelector(".now");

  const show = () => {
    if (!story.started) return;
    const hour = document.createElement("b");
    hour.textContent = time(story.now, story.zone);
    shown.replaceChildren(hour, ` ${shortDay(story.now, story.zone)}`);
    shown.title = `The practice’s time, ${story.zone}`;
  };
  const advance = async (seconds) => {
    form.setAttribute("aria-busy", "true");
    try {
      await post("advance", { seconds });
      field.value = "";
      settle();
    } catch (error) {
      complain(`The clock could not be moved. ${error.message}`);
    }
    form.removeAttribute("aria-busy");
  };

  form.addEventListener("click", (event) => {
    const { seconds } = event.target.dataset;
    if (seconds) advance(Number(seconds));
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const seconds = span(field.value);
    field.setAttribute("aria-invalid", String(seconds === null));
    if (seconds === null) complain(`“${field.value}” is no span of time to move forward by. Write it like 25h, 90 min or 1d 2h.`);
    else advance(Math.min(seconds, Number.MAX_SAFE_INTEGER));
  });
  field.addEventListener("input", () => field.removeAttribute("aria-invalid"));
  story.addEventListener("change", show);
  setInterval(show, 5_000);
}
