// Makes controls of the theme usable by keyboard, and names elements for screen readers.
(function () {
  "use strict";
  var words = document.querySelector("[data-menu]");

  // Returns a button to replace a label of a checkbox or radio button, because a label has no focus.
  // It keeps the classes and the attribute "for", which the style sheet of the theme selects.
  function buttonFor(label, text) {
    var button = document.createElement("button"), box = document.getElementById(label.htmlFor);
    button.type = "button";
    Array.from(label.attributes).forEach(function (attribute) {
      button.setAttribute(attribute.name, attribute.value);
    });
    button.classList.add("guide-button");
    if (text) button.setAttribute("aria-label", text);
    button.append.apply(button, Array.from(label.childNodes, function (node) { return node.cloneNode(true); }));
    function updateState() { button.setAttribute("aria-expanded", box.checked); }
    if (box.type === "checkbox") {
      updateState();
      box.addEventListener("change", updateState);
    }
    button.addEventListener("click", function (event) {
      var byKey = event.detail === 0;
      box.click();
      if (byKey) setTimeout(function () { moveFocus(button, box); }, 300); // after the transition
    });
    return button;
  }

  function isVisible(element) {
    return element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  }

  // Moves the focus into the part that a button has opened, or back to the button that opens it.
  function moveFocus(button, box) {
    var container = box.id === "__drawer" ? document.querySelector(".md-nav--primary")
      : box.type === "radio" ? button.parentNode : box.parentNode.querySelector(":scope > .md-nav");
    var control = box.type === "checkbox" && !box.checked ? box.parentNode.querySelector(':scope > button[for="' + box.id + '"], :scope > .md-nav__container > button')
      : Array.from(container.querySelectorAll("a[href], button")).find(isVisible);
    if (control) control.focus();
  }

  function labelElements() {
    document.querySelectorAll("nav.md-code__nav:not([role])").forEach(function (nav) {
      nav.setAttribute("role", "none");
    });
    // A wide table gets the focus, so that the arrow keys scroll it.
    document.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])").forEach(function (wrapper) {
      var heading = Array.from(document.querySelectorAll("article :is(h1, h2, h3)")).filter(function (candidate) {
        return candidate.compareDocumentPosition(wrapper) & Node.DOCUMENT_POSITION_FOLLOWING;
      }).pop();
      wrapper.tabIndex = 0;
      wrapper.setAttribute("role", "group");
      wrapper.setAttribute("aria-label", heading ? heading.firstChild.textContent.trim() : document.title);
    });
  }
  new MutationObserver(labelElements).observe(document.documentElement, { childList: true, subtree: true });
  labelElements();

  document.querySelectorAll("label.md-header__button:not([for=__search])").forEach(function (label) {
    label.replaceWith(buttonFor(label, label.htmlFor === "__drawer" && words ? words.dataset.menu : label.title));
  });
  document.querySelectorAll(".md-option").forEach(function (option) {
    option.tabIndex = -1;
    option.setAttribute("aria-hidden", "true");
  });

  // On a wide screen the parts of the navigation are headings; in the drawer they are buttons.
  var narrow = matchMedia("(max-width: 76.234375em)");
  var pairs = Array.from(document.querySelectorAll(".md-nav--primary label:is([for^=__nav_], [for=__toc])"), function (label) {
    return [label, buttonFor(label)];
  });
  function updateDrawer() {
    pairs.forEach(function (pair) {
      var from = pair[narrow.matches ? 0 : 1];
      if (from.isConnected) from.replaceWith(pair[narrow.matches ? 1 : 0]);
    });
  }
  narrow.addEventListener("change", updateDrawer);
  updateDrawer();

  document.addEventListener("keydown", function (event) {
    var drawer = document.getElementById("__drawer");
    if (event.key !== "Escape" || !drawer || !drawer.checked) return;
    drawer.click();
    document.querySelector(".md-header__button[for=__drawer]").focus();
  });

  // The report of a fault names a section: that of the selected text, else that in the address; the
  // link beside the text uses the section in view.
  var report = document.querySelector(".page-foot__report");
  if (!report) return;
  function sectionOf(node) {
    var section = null;
    document.querySelectorAll("article :is(h1, h2, h3)[id]").forEach(function (heading) {
      if (heading.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING || heading.contains(node)) section = heading;
    });
    return section;
  }
  function sectionInView() {
    var section = null;
    document.querySelectorAll("article :is(h1, h2, h3)[id]").forEach(function (heading) {
      if (heading.getBoundingClientRect().top < innerHeight / 3) section = heading;
    });
    return section;
  }
  function fill(link) {
    var chosen = getSelection(), quote = chosen.isCollapsed ? "" : chosen.toString().trim().slice(0, 300);
    var section = quote ? sectionOf(chosen.anchorNode)
      : link !== report ? sectionInView() : location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
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
