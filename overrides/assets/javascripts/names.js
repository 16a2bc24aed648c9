// What the theme leaves to the mouse or without a name: for keyboards and screen readers.
(function () {
  "use strict";
  var words = document.querySelector("[data-menu]");

  // A button in the place of a label that opens or changes something: a label takes no focus. The
  // style sheet of the theme knows it by its classes and by what it is for.
  function twin(label, text) {
    var one = document.createElement("button"), box = document.getElementById(label.htmlFor);
    one.type = "button";
    Array.from(label.attributes).forEach(function (attribute) {
      one.setAttribute(attribute.name, attribute.value);
    });
    one.classList.add("guide-button");
    if (text) one.setAttribute("aria-label", text);
    one.append.apply(one, Array.from(label.childNodes, function (node) { return node.cloneNode(true); }));
    function tell() { one.setAttribute("aria-expanded", box.checked); }
    if (box.type === "checkbox") {
      tell();
      box.addEventListener("change", tell);
    }
    one.addEventListener("click", function (event) {
      var byKey = event.detail === 0;
      box.click();
      if (byKey) setTimeout(function () { enter(one, box); }, 300); // it slides in
    });
    return one;
  }

  function seen(one) {
    return one.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  }

  // Moves on to what a button has opened, or back to the button that opens it again.
  function enter(one, box) {
    var place = box.id === "__drawer" ? document.querySelector(".md-nav--primary")
      : box.type === "radio" ? one.parentNode : box.parentNode.querySelector(":scope > .md-nav");
    var target = box.type === "checkbox" && !box.checked ? box.parentNode.querySelector(':scope > button[for="' + box.id + '"], :scope > .md-nav__container > button')
      : Array.from(place.querySelectorAll("a[href], button")).find(seen);
    if (target) target.focus();
  }

  function name() {
    document.querySelectorAll("nav.md-code__nav:not([role])").forEach(function (one) {
      one.setAttribute("role", "none");
    });
    // A table that is too wide can be scrolled with the arrows.
    document.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])").forEach(function (one) {
      var before = Array.from(document.querySelectorAll("article :is(h1, h2, h3)")).filter(function (heading) {
        return heading.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING;
      }).pop();
      one.tabIndex = 0;
      one.setAttribute("role", "group");
      one.setAttribute("aria-label", before ? before.firstChild.textContent.trim() : document.title);
    });
  }
  new MutationObserver(name).observe(document.documentElement, { childList: true, subtree: true });
  name();

  document.querySelectorAll("label.md-header__button:not([for=__search])").forEach(function (label) {
    label.replaceWith(twin(label, label.htmlFor === "__drawer" && words ? words.dataset.menu : label.title));
  });
  document.querySelectorAll(".md-option").forEach(function (one) {
    one.tabIndex = -1;
    one.setAttribute("aria-hidden", "true");
  });

  // On a wide screen the parts of the contents are headings; in the drawer they open.
  var narrow = matchMedia("(max-width: 76.234375em)");
  var pairs = Array.from(document.querySelectorAll(".md-nav--primary label:is([for^=__nav_], [for=__toc])"), function (label) {
    return [label, twin(label)];
  });
  function fit() {
    pairs.forEach(function (pair) {
      var from = pair[narrow.matches ? 0 : 1];
      if (from.isConnected) from.replaceWith(pair[narrow.matches ? 1 : 0]);
    });
  }
  narrow.addEventListener("change", fit);
  fit();

  document.addEventListener("keydown", function (event) {
    var drawer = document.getElementById("__drawer");
    if (event.key !== "Escape" || !drawer || !drawer.checked) return;
    drawer.click();
    document.querySelector(".md-header__button[for=__drawer]").focus();
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
