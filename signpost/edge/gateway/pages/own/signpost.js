// Moves the focus to what went wrong, warns before a session locks or ends, and when it has ended leaves nothing on the
// screen: neither now, nor by the way back. A page that is opened in another tab tells the others that somebody is there.
// It makes no markup and keeps nothing.
const summary = document.querySelector(".govuk-error-summary");
if (summary) summary.focus();

const warning = document.getElementById("timeout-warning");
if (warning) {
  const lock = Number(warning.dataset.lockSeconds), idle = Number(warning.dataset.idleSeconds);
  const show = (name) => { for (const each of warning.children) each.hidden = each.dataset.for !== name; };
  const after = (seconds, act) => setTimeout(act, Math.max(0, seconds) * 1000);
  const leave = () => location.replace("/");
  let waiting = [];
  const begin = () => {
    waiting.forEach(clearTimeout);
    show("");
    waiting = [after(lock - 60, () => show("lock")), after(idle - 120, () => show("idle")), after(idle, leave)];
  };
  begin();
  const tabs = new BroadcastChannel("signpost");
  tabs.addEventListener("message", begin);
  // To be asked for the PIN is not to be there.
  if (!document.querySelector("[name=unlock]")) tabs.postMessage("here");
  addEventListener("pageshow", (event) => { if (event.persisted) leave(); });
}
