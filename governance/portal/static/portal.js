// Small help for people with scripts; every page works without.
"use strict";

// After a refused form the summary of its problems is where reading goes on.
document.addEventListener("DOMContentLoaded", () => {
  const summary = document.getElementById("error-summary");
  if (summary) summary.focus();
});

// A form is sent once, even when its button is pressed twice. The server holds that too.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method !== "post") return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
});
// Coming back to a page by the browser's button: its forms may be sent again.
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
});

// Autosave: `<form data-autosave="/where">` with `<p data-autosave-status role="status">`.
const QUIET_MS = 1500;
document.querySelectorAll("form[data-autosave]").forEach((form) => {
  const status = form.querySelector("[data-autosave-status]");
  const say = (text) => { if (status && status.textContent !== text) status.textContent = text; };
  let timer = 0, running = false, again = false;
  const save = async () => {
    if (form.dataset.sent) return;
    if (running) { again = true; return; }
    running = true;
    say("Saving …");
    try {
      const body = new URLSearchParams();
      for (const [name, value] of new FormData(form)) if (typeof value === "string" && name !== "once") body.append(name, value);
      const answer = await fetch(form.dataset.autosave, {
        method: "POST", body, credentials: "same-origin", redirect: "error",
        headers: { "Accept": "application/json" },
      });
      const said = (answer.headers.get("content-type") || "").includes("json") ? await answer.json() : {};
      if (answer.ok) {
        const based = form.querySelector("[name=based_on]");
        if (based && said.based_on !== undefined) based.value = said.based_on;
        say(said.said || "Draft saved.");
        document.body.dispatchEvent(new Event("draft-saved"));
      } else {
        say(said.detail || (answer.status === 403
          ? "The draft is not saved: your session is over. Copy your text, then sign in again."
          : "The draft is not saved. Copy your text before you leave the page."));
      }
    } catch {
      say("The draft is not saved: the site does not answer. Your text is still in this page.");
    } finally {
      running = false;
      if (again) { again = false; later(); }
    }
  };
  const later = () => { clearTimeout(timer); timer = setTimeout(save, QUIET_MS); };
  form.addEventListener("input", later);
  form.addEventListener("change", later);
});
