// The other language opens where the reader is: at the same section, with the same tabs chosen. Without
// this script its link opens the page from the top.
(function () {
  "use strict";
  var KEY = "publish-from-ci.tabs";

  function choices() {
    return Array.from(document.querySelectorAll(".tabbed-set"), function (set) {
      return Array.from(set.querySelectorAll(":scope > input"));
    });
  }

  // What the address names, if it is no tab and is on the screen, or else the heading of what is being read.
  function place() {
    var named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    var top = named && !named.matches("input") ? named.getBoundingClientRect().top : -1;
    if (top >= 0 && top < innerHeight) return named.id;
    var above = Array.from(document.querySelectorAll("article :is(h2, h3)[id]")).filter(function (heading) {
      return heading.getBoundingClientRect().top < innerHeight / 3;
    });
    return above.length ? above.pop().id : "";
  }

  document.querySelectorAll(".languages a").forEach(function (link) {
    ["pointerdown", "click"].forEach(function (kind) {
      link.addEventListener(kind, function () {
        link.hash = "";
        var tabs = choices().map(function (inputs) {
          return inputs.findIndex(function (input) { return input.checked; });
        });
        try {
          sessionStorage.setItem(KEY, JSON.stringify({ page: link.href.split("#")[0], tabs: tabs }));
        } catch (error) { /* the first tabs are shown */ }
        link.hash = place();
      });
    });
  });

  try {
    var kept = JSON.parse(sessionStorage.getItem(KEY));
    sessionStorage.removeItem(KEY);
  } catch (error) { return; }
  if (!kept || kept.page !== location.href.split("#")[0]) return;
  choices().forEach(function (inputs, number) {
    var input = inputs[kept.tabs[number]];
    if (input && !input.checked) input.click();
  });
  var target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target) target.scrollIntoView(); // the other tabs may be higher
})();
