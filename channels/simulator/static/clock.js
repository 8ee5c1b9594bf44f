// The clock bar: shows the simulated time and moves it forward.

import { post } from "./line.js";
import { shortDay, span, time } from "./moment.js";

export function clock(form, story, complain) {
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
    if (seconds !== null) advance(seconds);
  });
  field.addEventListener("input", () => field.removeAttribute("aria-invalid"));
  story.addEventListener("change", show);
  setInterval(show, 5_000);
}
