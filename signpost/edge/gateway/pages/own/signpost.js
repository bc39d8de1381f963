// Moves the focus to what went wrong, warns before a session locks or ends, and when it has ended leaves nothing on the
// screen: neither now, nor by the way back. It makes no markup and keeps nothing.
const summary = document.querySelector(".govuk-error-summary");
if (summary) summary.focus();

const warning = document.getElementById("timeout-warning");
if (warning) {
  const idle = Number(warning.dataset.idleSeconds);
  const show = (name) => { for (const each of warning.children) each.hidden = each.dataset.for !== name; };
  const after = (seconds, act) => setTimeout(act, Math.max(0, seconds) * 1000);
  after(Number(warning.dataset.lockSeconds) - 60, () => show("lock"));
  after(idle - 120, () => show("idle"));
  after(idle, () => location.replace("/"));
  addEventListener("pageshow", (event) => { if (event.persisted) location.replace("/"); });
}
