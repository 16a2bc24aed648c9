// Names, for screen readers, for parts that the theme makes without one.
(function () {
  "use strict";
  function name() {
    document.querySelectorAll(".md-search[role=dialog]:not([aria-label])").forEach(function (one) {
      var field = one.querySelector("[aria-label]");
      one.setAttribute("aria-label", field ? field.getAttribute("aria-label") : "");
    });
    document.querySelectorAll("nav.md-code__nav:not([role])").forEach(function (one) {
      one.setAttribute("role", "none");
    });
  }
  new MutationObserver(name).observe(document.documentElement, { childList: true, subtree: true });
  name();
})();
