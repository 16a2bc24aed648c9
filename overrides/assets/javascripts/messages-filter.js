// The filter of the messages: hides those in which not every word that is typed stands.
(function () {
  "use strict";
  var box = document.querySelector(".messages-filter");
  if (!box) return;
  var field = box.querySelector("input"), status = box.querySelector("[role=status]");

  function isMessage(element) { return element.matches(".message"); }
  function folded(text) { return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase(); }

  var messages = Array.from(document.querySelectorAll("details.message"), function (element) {
    return { element: element, text: folded(element.textContent) };
  });
  // A group is a heading with all that follows it, up to the next one.
  var groups = Array.from(document.querySelectorAll("article h2"), function (heading) {
    var parts = [heading], next = heading.nextElementSibling;
    for (; next && !next.matches("h2"); next = next.nextElementSibling) parts.push(next);
    return parts;
  }).filter(function (parts) {
    return parts.some(isMessage);
  });

  function filter() {
    var words = folded(field.value).split(/\s+/).filter(Boolean), left = 0;
    messages.forEach(function (message) {
      message.element.hidden = !words.every(function (word) { return message.text.includes(word); });
      if (!message.element.hidden) left++;
    });
    groups.forEach(function (parts) {
      var empty = parts.filter(isMessage).every(function (message) { return message.hidden; });
      parts.forEach(function (part) { if (!isMessage(part)) part.hidden = empty; });
    });
    status.textContent = words.length ? box.dataset.left.replace("{left}", String(left)) : "";
  }

  // A link to a message shows it, whatever the filter says.
  function show() {
    var target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    var message = target && target.closest("details.message");
    if (!message) return;
    if (message.hidden) {
      field.value = "";
      filter();
    }
    message.open = true;
    message.scrollIntoView();
  }

  field.addEventListener("input", filter);
  addEventListener("hashchange", show);
  box.hidden = false;
  if (field.value) filter(); // the browser kept it
  show();
})();
