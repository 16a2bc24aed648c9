// Opens the search, by its button, its keys, or an address with ?q=. What searches is loaded then.
(function () {
  "use strict";
  const own = document.currentScript.src, root = new URL("../../", own);
  const dialog = document.querySelector("dialog.search"), opener = document.querySelector(".search-open");
  if (!dialog || !opener) return;
  const field = dialog.querySelector("input"), status = dialog.querySelector("[role=status]");
  const list = dialog.querySelector("ol"), help = dialog.querySelector(".search__help");

  let find = null;

  function script(address) {
    return new Promise(function (done, failed) {
      const one = document.createElement("script");
      one.src = address;
      one.onload = done;
      one.onerror = function () { one.remove(); failed(new Error(address)); };
      document.head.append(one);
    });
  }
  let loading = null;
  function loaded() {
    loading = loading || Promise.all([
      script(new URL("minisearch.js", own)), script(new URL("search/sections.js", root)),
    ]).then(function () { return script(new URL("search-results.js", own)); })
      .then(function () { return window.guideSearch.ready; })
      .then(function (found) { find = found; });
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
    loaded().then(function () { render(window.guideSearch.says); }, function () { status.textContent = dialog.dataset.unloaded; });
  }

  function element(name, className, parts) {
    const one = document.createElement(name);
    one.className = className;
    parts.forEach(function (part) {
      const [text, found] = part;
      const mark = found ? document.createElement("mark") : null;
      if (mark) mark.textContent = text;
      one.append(mark || text);
    });
    return one;
  }

  function address(place) {
    const [page, fragment] = place.split("#"), file = location.protocol === "file:" ? "index.html" : "";
    return new URL(page + file + (fragment ? "#" + fragment : ""), root).href;
  }

  function item(result) {
    const one = document.createElement("li"), link = document.createElement("a");
    link.href = address(result.place);
    link.append(element("span", "search__title", result.titleParts));
    if (result.page) link.append(element("span", "search__page", [[result.page, false]]));
    link.append(element("span", "search__line", result.lineParts));
    one.append(link);
    return one;
  }

  function render(says) {
    const query = field.value.trim(), found = find(query), number = found.results.length;
    const parts = [query ? says[number === 0 ? "none" : number === 1 ? "one" : "other"] : ""];
    if (found.corrected.length) parts.push(says.corrected);
    status.textContent = parts.join(" ").replace("{number}", number)
      .replace("{words}", "«" + (found.corrected.join(" ") || query) + "»");
    list.replaceChildren(...found.results.map(item));
    help.hidden = number > 0;
    help.replaceChildren(query ? says.try : says.empty);
    if (query) {
      const link = document.createElement("a");
      link.href = address("reference/messages/#box");
      link.textContent = says.box;
      help.append(document.createElement("br"), says.box_before + " ", link);
    }
  }

  opener.addEventListener("click", open);
  field.addEventListener("input", show);
  dialog.querySelector("form").addEventListener("submit", function (event) {
    event.preventDefault();
    const first = list.querySelector("a");
    if (first) first.click();
  });
  dialog.addEventListener("click", function (event) {
    // A click beside the box, or on a result, which may be of the page that is open.
    if (event.target === dialog || event.target.closest("a, .search__close")) dialog.close();
  });
  dialog.addEventListener("keydown", function (event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const stops = [field, ...list.querySelectorAll("a")];
    const next = stops[stops.indexOf(document.activeElement) + step];
    event.preventDefault();
    if (next) next.focus();
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
