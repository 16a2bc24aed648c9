// The box for a log: finds the messages of this page in it, the likeliest cause first, as
// pypi_practice/matching.py does. The rules and the patterns come with the page; nothing is sent.
(function () {
  "use strict";
  var form = document.querySelector("form.explain");
  if (!form) return;
  var MOST = 20; // finds of one pattern
  var words = JSON.parse(form.dataset.words);
  var log = form.querySelector("textarea");
  var status = form.querySelector(".explain-status");
  var warning = form.querySelector(".explain-secret");
  var found = form.querySelector(".explain-found");

  function rules(name) {
    return JSON.parse(form.dataset[name]).map(function (pair) {
      return [new RegExp(pair[0], "gm"), pair[1].replace(/\\(\d)/g, "$$$1")];
    });
  }
  function apply(list, text) {
    return list.reduce(function (done, rule) { return done.replace(rule[0], rule[1]); }, text);
  }
  var clean = rules("clean");
  var secrets = rules("secrets");
  var entries = Array.prototype.map.call(document.querySelectorAll(".message"), function (one) {
    return {
      element: one,
      heading: one.querySelector("h3"),
      level: Number(one.dataset.level),
      patterns: JSON.parse(one.dataset.patterns).map(function (pair) {
        return { expression: new RegExp(pair[0], "g"), letters: pair[1] };
      })
    };
  });

  function hides(one, other) {
    if (one.place === other.place || one.start > other.start || other.end > one.end) return false;
    if (one.letters !== other.letters) return one.letters > other.letters;
    return one.place < other.place;
  }

  function find(text) {
    var whole = apply(clean, text).replace(/[^!-~]+/g, "").toLowerCase();
    var finds = [];
    entries.forEach(function (entry, place) {
      entry.patterns.forEach(function (pattern) {
        pattern.expression.lastIndex = 0;
        for (var count = 0, match; count < MOST; count++) {
          match = pattern.expression.exec(whole);
          if (!match) break;
          finds.push({
            place: place, start: match.index, end: match.index + match[0].length,
            letters: pattern.letters
          });
        }
      });
    });
    var first = {};
    finds.forEach(function (one) {
      if (finds.some(function (other) { return hides(other, one); })) return;
      if (!first[one.place] || one.start < first[one.place].start) first[one.place] = one;
    });
    return Object.keys(first).map(function (key) { return first[key]; }).sort(function (one, two) {
      return entries[two.place].level - entries[one.place].level ||
        one.start - two.start || one.place - two.place;
    }).map(function (one) { return entries[one.place]; });
  }

  function item(entry) {
    var made = document.createElement("li");
    var title = document.createElement("p");
    var link = document.createElement("a");
    link.href = "#" + entry.heading.id;
    link.appendChild(entry.heading.firstElementChild.cloneNode(true));
    title.appendChild(link);
    made.appendChild(title);
    Array.prototype.forEach.call(entry.element.children, function (child) {
      if (child.matches("p:not(.reproduced)") && child.querySelector("strong")) {
        made.appendChild(child.cloneNode(true));
      }
    });
    return made;
  }

  function say(text) { status.textContent = text; }

  function explain() {
    found.textContent = "";
    warning.textContent = "";
    var safe = apply(secrets, log.value);
    if (safe !== log.value) {
      log.value = safe;
      var link = document.createElement("a");
      link.href = form.dataset.leak;
      link.textContent = words.secret_link;
      warning.append(words.secret + " ", link);
    }
    if (!log.value.trim()) return say(words.empty);
    var matches = find(log.value);
    if (!matches.length) return say(words.unknown);
    say(matches.length === 1 ? words.found_one
      : words.found.replace("{number}", String(matches.length)));
    var list = document.createElement("ol");
    matches.forEach(function (one) { list.appendChild(item(one)); });
    found.appendChild(list);
  }

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    explain();
  });
  form.addEventListener("reset", function () {
    found.textContent = warning.textContent = status.textContent = "";
    log.focus();
  });
  log.addEventListener("paste", function () { setTimeout(explain); });
  form.hidden = false;
  document.querySelector(".explain-without").remove();
})();
