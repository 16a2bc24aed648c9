// Finds the sections of the guide by words, with MiniSearch, and shows them. It is loaded when the
// search is opened, after MiniSearch and the sections.
(function () {
  "use strict";
  const MOST = 10, MOST_OF_A_PAGE = 3, ENOUGH = 0.2; // of the score of the first result
  const WORD = /[\p{L}\p{N}_]+/gu;

  function fold(text) {
    return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  }

  // Promises a function that searches *guide*, which is what search/sections.js holds.
  function search(guide) {
    const stopWords = new Set(fold(guide.stopWords).split(" "));
    const ending = new RegExp("(?<=.{3})" + guide.endings + "$");
    const same = new Map(); // the root of a word → that of the word which stands for it
    const spelling = new Map(); // root → a word of the guide that has it

    function root(word) {
      const own = guide.endings ? word.replace(ending, "") : word;
      return same.get(own) || own;
    }
    guide.same.forEach(function (group) {
      const [first, ...others] = group.map(function (word) { return root(fold(word)); });
      others.forEach(function (other) { if (other !== first) same.set(other, first); });
    });

    // Returns the roots of a word: skip_existing is one, and two more. None for a stop word.
    const known = new Map(); // word → its roots, because a page says most of its words often
    function roots(word) {
      if (!known.has(word)) known.set(word, read(word));
      return known.get(word);
    }
    function read(word) {
      const whole = fold(word), parts = whole.split("_").filter(Boolean);
      const names = whole.includes("_") ? [whole, ...parts] : parts;
      return names.filter(function (name) { return !stopWords.has(name); }).map(root);
    }

    const index = new MiniSearch({
      idField: "place",
      fields: ["title", "page", "asked", "text"],
      tokenize: function (text) { return text.match(WORD) || []; },
      processTerm: function (word) {
        const terms = roots(word);
        terms.forEach(function (term) { if (!spelling.has(term)) spelling.set(term, word.toLowerCase()); });
        return terms;
      },
      searchOptions: {
        tokenize: function (root) { return [root]; },
        processTerm: function (root) { return root; },
        boost: { asked: 4, title: 4, page: 1.5 },
        bm25: { k: 1.2, b: 0.5, d: 0.5 }, // a long list of words counts less against a page
        boostDocument: function (place) { return (sections.get(place).weight || 1) * (place.includes("#") ? 1 : 1.25); },
      },
    });
    const sections = new Map(guide.sections.map(function (section) { return [section.place, section]; }));
    const ready = index.addAllAsync(guide.sections, { chunkSize: 50 }); // the field takes letters meanwhile

    function isKnown(term) { return spelling.has(term); }

    // Returns what to look for in the place of a word: itself, what begins with it, or what it was
    // meant to be, with two letters the other way round, or with one or two wrong ones.
    function understood(word) {
      const own = roots(word).filter(isKnown);
      if (own.length) return { queries: own.slice(0, own[0] === roots(word)[0] ? 1 : own.length) };
      const begun = { queries: [fold(word)], prefix: true };
      if (word.length > 2 && index.search(begun).length) return begun;
      for (let at = 1; at < word.length; at++) {
        const swapped = word.slice(0, at - 1) + word[at] + word[at - 1] + word.slice(at + 1);
        const meant = roots(swapped).filter(isKnown);
        if (word.length > 3 && meant.length) return { queries: meant, corrected: true };
      }
      const most = word.length > 7 ? 2 : word.length > 3 ? 1 : 0;
      for (let wrong = 1; wrong <= most; wrong++) {
        const near = { queries: roots(word), fuzzy: wrong, corrected: true };
        if (index.search(near).length) return near;
      }
      return null;
    }

    // Returns {results, corrected}: the best sections for a query, and the words that it was taken
    // for, if any of them was misspelt.
    function find(query) {
      const words = (query.match(WORD) || []).filter(function (word) { return roots(word).length; });
      const queries = words.map(understood).filter(Boolean);
      const matches = queries.length ? index.search({ combineWith: "OR", queries: queries }) : [];
      const ofPage = new Map(), results = [];
      matches.forEach(function (match) {
        const page = match.id.split("#")[0], count = ofPage.get(page) || 0;
        if (results.length === MOST || count === MOST_OF_A_PAGE || match.score < ENOUGH * matches[0].score) return;
        const section = sections.get(match.id);
        ofPage.set(page, count + 1);
        results.push({ ...section, ...excerpt(section, new Set(match.terms)) });
      });
      const corrected = queries.some(function (part) { return part.corrected; }) && results.length > 0;
      const shown = corrected ? matches[0].terms.map(function (term) { return spelling.get(term); }) : [];
      return { results: results, corrected: shown };
    }

    // Returns the parts of a text in order, each with whether it was searched for: [[text, is hit], …].
    function marked(text, terms) {
      const parts = [];
      let end = 0;
      for (const match of text.matchAll(WORD)) {
        if (!roots(match[0]).some(function (term) { return terms.has(term); })) continue;
        parts.push([text.slice(end, match.index), false], [match[0], true]);
        end = match.index + match[0].length;
      }
      parts.push([text.slice(end), false]);
      return parts.filter(function (part) { return part[0]; });
    }

    // Returns the title and the line of a section with most of the words in it, with marks.
    function excerpt(section, terms) {
      let best = section.text.split("\n")[0], most = 0;
      section.text.split("\n").forEach(function (line) {
        const hits = new Set((line.match(WORD) || []).flatMap(roots).filter(function (term) { return terms.has(term); }));
        if (hits.size > most) [best, most] = [line, hits.size];
      });
      const parts = marked(best, terms);
      // The words that were found are near the beginning of the line that is shown.
      if (most && parts[0][0].length > 60 && !parts[0][1]) parts[0][0] = "… " + parts[0][0].slice(-40).replace(/^\S*\s/, "");
      return { titleParts: marked(section.title, terms), lineParts: parts };
    }

    return ready.then(function () { return find; });
  }

  function element(name, className, parts) {
    const node = document.createElement(name);
    node.className = className;
    parts.forEach(function (part) {
      const [text, isHit] = part;
      const mark = isHit ? document.createElement("mark") : null;
      if (mark) mark.textContent = text;
      node.append(mark || text);
    });
    return node;
  }

  function address(place, root) {
    const [page, fragment] = place.split("#"), file = location.protocol === "file:" ? "index.html" : "";
    return new URL(page + file + (fragment ? "#" + fragment : ""), root).href;
  }

  function item(result, root) {
    const row = document.createElement("li"), link = document.createElement("a");
    link.href = address(result.place, root);
    link.append(element("span", "search__title", result.titleParts));
    if (result.page) link.append(element("span", "search__page", [[result.page, false]]));
    link.append(element("span", "search__line", result.lineParts));
    row.append(link);
    return row;
  }

  // Shows what is found for a query in the dialog; *root* is the address of the language.
  function show(find, query, root) {
    const says = window.guideSearch.says, { results, corrected } = find(query), number = results.length;
    const help = dialog.querySelector(".search__help");
    const parts = [query ? says[number === 0 ? "none" : number === 1 ? "one" : "other"] : ""];
    if (corrected.length) parts.push(says.corrected);
    dialog.querySelector("[role=status]").textContent = parts.join(" ").replace("{number}", number)
      .replace("{words}", corrected.join(" ") || query);
    dialog.querySelector("ol").replaceChildren(...results.map(function (result) { return item(result, root); }));
    help.hidden = number > 0;
    help.replaceChildren(query ? says.try : says.empty);
    if (query) {
      const link = document.createElement("a");
      link.href = address("reference/messages/#box", root);
      link.textContent = says.box;
      help.append(document.createElement("br"), says.box_before + " ", link);
    }
  }

  // Enter in the field opens the first result, and the arrows go from one to the next.
  const dialog = document.querySelector("dialog.search");
  function links() {
    return Array.from(dialog.querySelectorAll(".search__results a"));
  }
  dialog.addEventListener("keydown", function (event) {
    if (event.key === "Enter" && event.target.matches("input") && links().length) links()[0].click();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const stops = [dialog.querySelector("input"), ...links()];
    const next = stops[stops.indexOf(document.activeElement) + step];
    event.preventDefault();
    if (next) next.focus();
  });

  window.guideSearch.show = show;
  window.guideSearch.ready = search(window.guideSearch);
})();
