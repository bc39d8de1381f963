// Moves the focus to what went wrong, and warns before a session locks or ends. It makes no markup and keeps nothing.
const summary = document.querySelector(".govuk-error-summary");
if (summary) summary.focus();

const warning = document.getElementById("timeout-warning");
if (warning) {
  const show = (name) => { for (const each of warning.children) each.hidden = each.dataset.for !== name; };
  const after = (seconds, name) => setTimeout(() => show(name), Math.max(0, seconds) * 1000);
  after(Number(warning.dataset.lockSeconds) - 60, "lock");
  after(Number(warning.dataset.idleSeconds) - 120, "idle");
}
