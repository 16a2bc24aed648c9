// Helps a reader whose address leads nowhere: the pages that it resembles, and a search for its words.
(function () {
  "use strict";
  var sections = Array.from(document.querySelectorAll(".not-found"));
  var address = location.pathname;
  try { address = decodeURIComponent(address); } catch (error) { /* then as it is */ }

  // Light or dark, as the reader has chosen on the pages.
  var above = new URL("../../..", document.currentScript.src).pathname;
  try {
    document.body.dataset.mdColorScheme = JSON.parse(localStorage.getItem(above + ".__palette")).color.scheme;
  } catch (error) { /* then as the system has it */ }

  function fold(text) {
    return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  }
  function words(text) {
    return fold(text).split(/[^a-z0-9]+/).filter(function (one) {
      return one.length > 2 && !/^(html?|php|index|www)$/.test(one);
    });
  }
  function pairs(text) {
    var plain = words(text).join(" "), found = new Set();
    for (var at = 0; at + 1 < plain.length; at++) found.add(plain.slice(at, at + 2));
    return found;
  }
  // From 0 to 1: how many pairs of letters two texts share.
  function likeness(one, other) {
    var first = pairs(one), second = pairs(other), both = 0;
    first.forEach(function (pair) { if (second.has(pair)) both++; });
    return first.size && second.size ? 2 * both / (first.size + second.size) : 0;
  }
  function link(text, href) {
    var one = document.createElement("a");
    one.href = href;
    one.textContent = text;
    return one;
  }

  var own = sections.find(function (one) { return address.indexOf(one.dataset.root) === 0; });
  if (own) {
    document.documentElement.lang = own.lang;
    document.title = own.querySelector("h1, h2").textContent;
  }
  if (own && own !== sections[0]) {
    // The language that the reader was in comes first.
    var first = own.parentNode.querySelector("h1"), second = own.querySelector("h2");
    [[first, "h2"], [second, "h1"]].forEach(function (pair) {
      var heading = document.createElement(pair[1]);
      heading.textContent = pair[0].textContent;
      pair[0].replaceWith(heading);
    });
    sections[0].before(own);
  }
  (own ? [own] : sections).forEach(function (section) {
    var asked = address.replace(section.dataset.root, "").split("/").filter(Boolean).join("/");
    var near = section.querySelector(".not-found__near"), terms = words(asked);
    if (!terms.length) return;
    fetch(section.dataset.root + "pages.json").then(function (answer) { return answer.json(); }).then(function (pages) {
      var best = pages.map(function (page) {
        var leaf = page.url.replace(/\/$/, "").split("/").pop(), end = asked.split("/").pop();
        return { page: page, score: Math.max(likeness(end, leaf), likeness(end, page.title), likeness(asked, page.url)) };
      }).filter(function (one) { return one.score > 0.35; }).sort(function (a, b) { return b.score - a.score; }).slice(0, 3);
      if (best.length) {
        var list = document.createElement("ul"), text = document.createElement("p");
        text.textContent = near.dataset.near;
        best.forEach(function (one) {
          var item = document.createElement("li");
          item.append(link(one.page.title, section.dataset.root + one.page.url));
          list.append(item);
        });
        near.prepend(text, list);
      }
    }).catch(function () { /* the links below stay */ });
    var text = terms.join(" "), line = document.createElement("p");
    line.append(link(near.dataset.search.replace("{words}", "«" + text + "»"),
      section.dataset.root + "?q=" + encodeURIComponent(text)));
    near.append(line);
  });
})();
