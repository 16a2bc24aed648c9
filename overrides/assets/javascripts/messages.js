// The box for a log: finds the known messages in it, the likeliest cause first, as
// pypi_practice/explain/matcher.py does, in time linear in the log; nothing is sent. The messages are in
// messages-data.js, which a page that only carries the box loads when it is used. A pattern is a list
// of segments with a gap of limited length between them; a segment is a list of literals, of null for
// any text in quotes, and of runs: the characters of a class, and the most of them.
(function () {
  "use strict";
  var form = document.querySelector("form.explain");
  if (!form) return;
  var own = document.currentScript.src;
  var known, entries, clean, secrets, gap, words;
  var log = form.querySelector("textarea");
  var status = form.querySelector(".explain-status");
  var warning = form.querySelector(".explain-secret");
  var found = form.querySelector(".explain-found");

  function rules(pairs) {
    return pairs.map(function (pair) {
      return [new RegExp(pair[0], "gm"), pair[1].replace(/\\(\d)/g, "$$$1")];
    });
  }
  function apply(list, text) {
    return list.reduce(function (done, rule) { return done.replace(rule[0], rule[1]); }, text);
  }
  function learn() {
    known = window.guideMessages;
    entries = known.entries;
    clean = rules(known.clean);
    secrets = rules(known.secrets);
    gap = known.gap;
    words = known.words;
  }

  // The smaller, the more a find says.
  function rank(one, two) { return two.letters - one.letters || one.place - two.place; }

  function hides(one, other) {
    return one.place !== other.place && one.start <= other.start && other.end <= one.end &&
      rank(one, other) < 0;
  }

  function quoteAt(text, at) { return text[at] === "'" || text[at] === '"' ? text[at] : null; }

  // Returns start and end of a segment if its first literal stands at *at*, or null.
  function segmentAt(segment, text, at) {
    var start = at, end = at, pieces = segment;
    if (segment[0] === null) {
      var quote = quoteAt(text, at - 1), from = Math.max(0, at - gap - 2);
      if (!quote) return null;
      start = text.slice(from, at - 1).lastIndexOf(quote);
      if (start < 0) return null;
      start += from;
      pieces = segment.slice(1);
    }
    for (var number = 0; number < pieces.length; number++) {
      var piece = pieces[number];
      if (typeof piece === "string") {
        if (!text.startsWith(piece, end)) return null;
        end += piece.length;
      } else if (piece === null) {
        var opening = quoteAt(text, end);
        if (!opening) return null;
        var inside = text.slice(end + 1, end + gap + 2).indexOf(opening);
        if (inside < 0) return null;
        end += inside + 2;
      } else {
        var first = end, last = Math.min(end + piece[1], text.length);
        while (end < last && piece[0].includes(text[end])) end++;
        if (end === first) return null;
      }
    }
    return [start, end];
  }

  function literalOf(segment) {
    return segment.find(function (piece) { return typeof piece === "string"; });
  }

  function* first(segment, text) {
    var literal = literalOf(segment);
    for (var at = text.indexOf(literal); at >= 0; at = text.indexOf(literal, at + 1)) {
      var place = segmentAt(segment, text, at);
      if (place) yield place;
    }
  }

  // Yields where a segment follows what is before: the start of that, and its own end. Of several
  // before it, the nearest counts. Both are walked through once.
  function* followed(before, segment, text) {
    var literal = literalOf(segment), current = before.next().value;
    if (!current) return;
    var upcoming = before.next().value, at = text.indexOf(literal, current[1]);
    while (at >= 0) {
      while (upcoming && upcoming[1] <= at) {
        current = upcoming;
        upcoming = before.next().value;
      }
      if (at - current[1] <= gap) {
        var place = segmentAt(segment, text, at);
        if (place) yield [current[0], place[1]];
        at = text.indexOf(literal, at + 1);
      } else if (upcoming) at = text.indexOf(literal, upcoming[1]);
      else return;
    }
  }

  // Yields start and end of each find, from left to right; they do not overlap.
  function* spans(segments, text) {
    var found = segments.slice(1).reduce(function (before, segment) {
      return followed(before, segment, text);
    }, first(segments[0], text)), last = 0;
    for (var span of found) {
      if (span[0] < last) continue;
      yield span;
      last = span[1];
    }
  }

  // The finds that no other hides, by their start.
  function visible(finds) {
    var reaching = [];
    return finds.sort(function (one, two) {
      return one.start - two.start || two.end - one.end || rank(one, two);
    }).filter(function (one) {
      reaching = reaching.filter(function (other) { return other.end > one.start; });
      if (reaching.some(function (other) { return hides(other, one); })) return false;
      reaching.push(one);
      return true;
    });
  }

  // Finds the entries in a cleaned text.
  function find(text) {
    var whole = text.replace(/[^!-~]+/g, "").toLowerCase();
    var finds = [];
    entries.forEach(function (entry, place) {
      entry.patterns.forEach(function (pattern) {
        for (var span of spans(pattern[0], whole)) {
          finds.push({ place: place, start: span[0], end: span[1], letters: pattern[1] });
        }
      });
    });
    var first = {};
    visible(finds).forEach(function (one) { first[one.place] = first[one.place] || one; });
    return Object.keys(first).map(function (key) { return first[key]; }).sort(function (one, two) {
      return entries[two.place].level - entries[one.place].level ||
        one.start - two.start || one.place - two.place;
    }).map(function (one) { return entries[one.place]; });
  }

  // The way from this page to an address of the guide; from a disk, to its file.
  function way(address) {
    var file = location.protocol === "file:" ? "index.html" : "";
    return form.dataset.root + address.replace(/(?=#|$)/, file);
  }

  function element(name, content) {
    var made = document.createElement(name);
    made.append.apply(made, [].concat(content));
    return made;
  }

  function link(content, href) {
    var made = element("a", content);
    made.href = href;
    return made;
  }

  function item(entry) {
    var place = "#" + entry.id;
    var lines = [element("strong", words.cause + ":"), " " + entry.cause, element("br", []),
      element("strong", words.fix + ":"), " " + entry.fix];
    if (entry.see) {
      lines.push(element("br", []), element("strong", words.more + ":"), " ",
        link(entry.see.title, way(entry.see.address)));
    }
    return element("li", [
      element("p", link(element("code", entry.text),
        "catalogue" in form.dataset ? place : way("reference/messages/" + place))),
      element("p", lines)
    ]);
  }

  // Calls *then*: at once, or when the messages have been loaded.
  function ready(then) {
    if (!known && window.guideMessages) learn();
    if (known) return then();
    var script = document.createElement("script");
    script.src = new URL("messages-data.js", own).href;
    script.onload = function () { learn(); then(); };
    script.onerror = function () { script.remove(); say(form.dataset.unloaded); };
    document.head.append(script);
  }

  function say(text) { status.textContent = text; }

  function explain() {
    found.textContent = "";
    warning.textContent = "";
    // In this order, so that no colour inside a secret hides it.
    var cleaned = apply(clean, log.value), safe = apply(secrets, cleaned);
    if (safe !== cleaned) {
      log.value = safe;
      warning.append(words.secret + " ", link(words.secret_link, way("howto/leak/")));
    }
    if (!log.value.trim()) return say(words.empty);
    var matches = find(safe.slice(-known.longest));
    var cut = safe.length > known.longest ? " " + words.cut : "";
    if (!matches.length) return say(words.unknown + cut);
    say((matches.length === 1 ? words.found_one
      : words.found.replace("{number}", String(matches.length))) + cut);
    var list = document.createElement("ol");
    matches.forEach(function (one) { list.appendChild(item(one)); });
    found.appendChild(list);
  }

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    ready(explain);
  });
  form.addEventListener("reset", function () {
    found.textContent = warning.textContent = status.textContent = "";
    log.focus();
  });
  log.addEventListener("paste", function () { setTimeout(ready, 0, explain); });
  form.hidden = false;
  document.querySelector(".explain-without").remove();
})();
