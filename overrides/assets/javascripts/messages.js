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
  var results = form.querySelector(".explain-found");

  function rules(pairs) {
    return pairs.map(function (pair) {
      return [new RegExp(pair[0], "gm"), pair[1].replace(/\\(\d)/g, "$$$1")];
    });
  }
  function apply(list, text) {
    return list.reduce(function (cleaned, rule) { return cleaned.replace(rule[0], rule[1]); }, text);
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
  function rank(first, second) { return second.letters - first.letters || first.entryIndex - second.entryIndex; }

  function hides(outer, inner) {
    return outer.entryIndex !== inner.entryIndex && outer.start <= inner.start && inner.end <= outer.end &&
      rank(outer, inner) < 0;
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
    for (var position = text.indexOf(literal); position >= 0; position = text.indexOf(literal, position + 1)) {
      var span = segmentAt(segment, text, position);
      if (span) yield span;
    }
  }

  // Yields the spans of before that a segment follows, extended to its end. The nearest span before
  // a segment is taken. Both are read once.
  function* followed(before, segment, text) {
    var literal = literalOf(segment), current = before.next().value;
    if (!current) return;
    var upcoming = before.next().value, position = text.indexOf(literal, current[1]);
    while (position >= 0) {
      while (upcoming && upcoming[1] <= position) {
        current = upcoming;
        upcoming = before.next().value;
      }
      if (position - current[1] <= gap) {
        var span = segmentAt(segment, text, position);
        if (span) yield [current[0], span[1]];
        position = text.indexOf(literal, position + 1);
      } else if (upcoming) position = text.indexOf(literal, upcoming[1]);
      else return;
    }
  }

  // Yields start and end of each occurrence, from left to right; they do not overlap.
  function* spans(segments, text) {
    var ranges = segments.slice(1).reduce(function (before, segment) {
      return followed(before, segment, text);
    }, first(segments[0], text)), lastEnd = 0;
    for (var span of ranges) {
      if (span[0] < lastEnd) continue;
      yield span;
      lastEnd = span[1];
    }
  }

  // The occurrences that no other hides, ordered by their start.
  function visible(occurrences) {
    var overlapping = [];
    return occurrences.sort(function (first, second) {
      return first.start - second.start || second.end - first.end || rank(first, second);
    }).filter(function (occurrence) {
      overlapping = overlapping.filter(function (other) { return other.end > occurrence.start; });
      if (overlapping.some(function (other) { return hides(other, occurrence); })) return false;
      overlapping.push(occurrence);
      return true;
    });
  }

  // Finds the entries in a cleaned text.
  function find(text) {
    var compact = text.replace(/[^!-~]+/g, "").toLowerCase();
    var occurrences = [];
    entries.forEach(function (entry, entryIndex) {
      entry.patterns.forEach(function (pattern) {
        for (var span of spans(pattern[0], compact)) {
          occurrences.push({ entryIndex: entryIndex, start: span[0], end: span[1], letters: pattern[1] });
        }
      });
    });
    var firstByEntry = {};
    visible(occurrences).forEach(function (occurrence) {
      firstByEntry[occurrence.entryIndex] = firstByEntry[occurrence.entryIndex] || occurrence;
    });
    return Object.values(firstByEntry).sort(function (first, second) {
      return entries[second.entryIndex].level - entries[first.entryIndex].level ||
        first.start - second.start || first.entryIndex - second.entryIndex;
    }).map(function (occurrence) { return entries[occurrence.entryIndex]; });
  }

  // The way from this page to an address of the guide; from a disk, to its file.
  function way(address) {
    var file = location.protocol === "file:" ? "index.html" : "";
    return form.dataset.root + address.replace(/(?=#|$)/, file);
  }

  function element(name, content) {
    var created = document.createElement(name);
    created.append.apply(created, [].concat(content));
    return created;
  }

  function link(content, href) {
    var anchor = element("a", content);
    anchor.href = href;
    return anchor;
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
    results.textContent = "";
    warning.textContent = "";
    // Clean first: a colour code inside a token would hide it from the redaction.
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
    matches.forEach(function (entry) { list.appendChild(item(entry)); });
    results.appendChild(list);
  }

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    ready(explain);
  });
  form.addEventListener("reset", function () {
    results.textContent = warning.textContent = status.textContent = "";
    log.focus();
  });
  log.addEventListener("paste", function () { setTimeout(ready, 0, explain); });
  form.hidden = false;
  document.querySelector(".explain-without").remove();
})();
