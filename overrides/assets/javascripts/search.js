// Opens the search, by its button, its keys, or an address with ?q=. What searches is loaded then.
(function () {
  "use strict";
  const own = document.currentScript.src, root = new URL("../../", own);
  const dialog = document.querySelector("dialog.search"), opener = document.querySelector(".search-open");
  if (!dialog || !opener) return;
  const field = dialog.querySelector("input");

  function script(address) {
    return new Promise(function (done, failed) {
      const element = document.createElement("script");
      element.src = address;
      element.onload = done;
      element.onerror = function () { element.remove(); failed(new Error(address)); };
      document.head.append(element);
    });
  }
  let loading = null;
  function loaded() {
    if (!loading) {
      const style = document.createElement("link");
      style.rel = "stylesheet";
      style.href = new URL("../stylesheets/search-box.css", own);
      document.head.append(style);
    }
    loading = loading || Promise.all([
      script(new URL("minisearch.js", own)), script(new URL("search/sections.js", root)),
    ]).then(function () { return script(new URL("search-results.js", own)); })
      .then(function () { return window.guideSearch.ready; });
    loading.catch(function () { loading = null; });
    return loading;
  }

  function open() {
    if (!dialog.open) dialog.showModal();
    field.focus();
    field.select();
    show();
  }

  function show() {
    loaded().then(function (find) { window.guideSearch.show(find, field.value.trim(), root); },
      function () { dialog.querySelector("[role=status]").textContent = dialog.dataset.unloaded; });
  }

  opener.addEventListener("click", open);
  field.addEventListener("input", show);
  dialog.addEventListener("click", function (event) {
    // A click beside the box, or on a result, which may be of the page that is open.
    if (event.target === dialog || event.target.closest("a, .search__close")) dialog.close();
  });
  document.addEventListener("keydown", function (event) {
    const typing = event.target.closest("input, textarea, select, dialog, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !["/", "s", "f"].includes(event.key)) return;
    event.preventDefault();
    open();
  });
  const asked = new URLSearchParams(location.search).get("q");
  if (asked) {
    field.value = asked;
    open();
  }
})();
