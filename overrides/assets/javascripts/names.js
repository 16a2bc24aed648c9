// What the theme leaves to the mouse or without a name: for keyboards and screen readers.
(function () {
  "use strict";
  var words = document.querySelector("[data-menu]");

  // A label that opens something becomes a button; the theme clicks a label for Enter, not Space.
  function button(label, text) {
    label.tabIndex = 0;
    label.setAttribute("role", "button");
    if (text) label.setAttribute("aria-label", text);
    label.addEventListener("keydown", function (event) {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      event.stopPropagation();
      label.click();
      if (label.htmlFor === "__search") return; // the theme moves on to the field
      setTimeout(function () { enter(label); }, 300); // when it has slid in
    });
  }

  // Moves on to what the label has opened, or back to the label that opened it.
  function enter(label) {
    var box = document.getElementById(label.htmlFor);
    var place = label.htmlFor === "__drawer" ? document.querySelector(".md-nav--primary")
      : box.parentNode.querySelector(":scope > .md-nav");
    var inside = Array.from(place ? place.querySelectorAll("a[href], label[tabindex]") : []);
    var target = box.checked ? inside.find(function (one) { return one.checkVisibility({ visibilityProperty: true, opacityProperty: true }); })
      : document.querySelector('label[for="' + label.htmlFor + '"][tabindex]');
    if (target) target.focus();
  }

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

  document.querySelectorAll("label.md-header__button[for=__drawer]").forEach(function (one) {
    button(one, words && words.dataset.menu);
  });
  document.querySelectorAll("label.md-header__button[for=__search]").forEach(function (one) {
    button(one, words && words.dataset.search);
  });
  document.querySelectorAll(".md-nav--primary label[for^=__nav_]").forEach(function (one) {
    button(one);
  });
  document.addEventListener("keydown", function (event) {
    var drawer = document.getElementById("__drawer");
    if (event.key !== "Escape" || !drawer || !drawer.checked) return;
    drawer.click();
    document.querySelector("label.md-header__button[for=__drawer]").focus();
  });

  // The report of a fault names the section: of the selected text, else of the address, else, for
  // the link beside the text, the one that is being read.
  var report = document.querySelector(".page-foot__report");
  if (!report) return;
  function sectionOf(node) {
    var found = null;
    document.querySelectorAll("article :is(h1, h2, h3)[id]").forEach(function (heading) {
      if (heading.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING || heading.contains(node)) found = heading;
    });
    return found;
  }
  function read() {
    var found = null;
    document.querySelectorAll("article :is(h1, h2, h3)[id]").forEach(function (heading) {
      if (heading.getBoundingClientRect().top < innerHeight / 3) found = heading;
    });
    return found;
  }
  function fill(link) {
    var chosen = getSelection(), quote = chosen.isCollapsed ? "" : chosen.toString().trim().slice(0, 300);
    var section = quote ? sectionOf(chosen.anchorNode)
      : link !== report ? read() : location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    var text = section ? section.firstChild.textContent.trim() + " (#" + section.id + ")" : report.dataset.whole;
    var body = report.dataset.body.replace("{section}", text);
    if (quote) body += "> " + quote.replace(/\n+/g, "\n> ") + "\n";
    link.href = report.dataset.new + encodeURIComponent(body);
  }
  var links = [report], aside = document.querySelector(".md-sidebar--secondary .md-sidebar__inner");
  if (aside) {
    var copy = report.cloneNode(true);
    aside.append(copy);
    links.push(copy);
  }
  links.forEach(function (link) {
    ["pointerdown", "click"].forEach(function (kind) {
      link.addEventListener(kind, function () { fill(link); });
    });
  });
})();
