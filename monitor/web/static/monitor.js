// Keys for the review, and a word when a page has grown old: every page does all it does without this file.
"use strict";
setTimeout(() => document.querySelector("#old")?.removeAttribute("hidden"), 5 * 60 * 1000);
addEventListener("keydown", (event) => {
  const form = document.querySelector("form.verdict");
  if (!form || event.altKey || event.isComposing || event.repeat) return; // a key held down files one verdict, not many
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
    form.requestSubmit();
    event.preventDefault();
    return;
  }
  const writing = event.target.closest("textarea, select, input:not([type=radio])");
  if (event.key === "Escape" && writing) writing.blur();
  if (writing || event.ctrlKey || event.metaKey) return;
  const next = document.querySelector(`a[data-key="${CSS.escape(event.key)}"]`);
  const verdict = form.querySelector(`input[data-key="${CSS.escape(event.key)}"]`);
  const aspect = form.querySelector("select[name=aspect]");
  if (verdict) {
    verdict.checked = true;
    verdict.focus();
  } else if (event.key === "r") {
    form.querySelector("textarea[name=reason]").focus();
  } else if (event.key === "a" && aspect) {
    aspect.selectedIndex = (aspect.selectedIndex + 1) % aspect.options.length;
    aspect.focus();
  } else if (next) {
    next.click();
  } else {
    return;
  }
  event.preventDefault();
});
