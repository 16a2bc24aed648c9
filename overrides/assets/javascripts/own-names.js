// Readers' own names in the place of the example's. They are kept in this browser, nowhere else.
(function () {
  "use strict";
  var KEY = "publish-from-ci.own-names";
  var own = document.currentScript.src;
  var first = new Map();
  var now = null;

  function read() {
    try {
      var kept = JSON.parse(localStorage.getItem(KEY));
      var good = kept && Object.values(kept).every(function (one) {
        return typeof one === "string" && /^[\w.-]*$/.test(one);
      });
      return good && kept.project ? kept : null;
    } catch (error) {
      return null;
    }
  }

  // Shows *forms*, every form of the names by its key, or the example's names for null.
  function show(forms) {
    now = forms;
    document.querySelectorAll("[data-name]").forEach(function (one) {
      var form = one.dataset.name;
      if (!first.has(one)) first.set(one, one.textContent);
      one.textContent = !forms ? first.get(one) : form === "rest" ? "" : forms[form];
    });
    document.querySelectorAll("[data-own-href]").forEach(function (one) {
      if (!first.has(one)) first.set(one, one.href);
      one.href = !forms ? first.get(one) : one.dataset.ownHref.replace(/\{(\w+)\}/g, function (all, form) {
        return forms[form];
      });
    });
    document.querySelectorAll(".own-names__open").forEach(function (one) {
      if (!first.has(one)) first.set(one, one.textContent);
      one.textContent = forms ? one.dataset.change : first.get(one);
    });
    document.documentElement.classList.toggle("own-names-on", Boolean(forms));
  }

  // Keeps and shows; tells whether the browser keeps it.
  function keep(forms) {
    show(forms);
    try {
      if (forms) localStorage.setItem(KEY, JSON.stringify(forms));
      else localStorage.removeItem(KEY);
      return true;
    } catch (error) {
      return false;
    }
  }

  function say(text) {
    document.querySelectorAll(".own-names__status").forEach(function (one) {
      one.textContent = text;
    });
  }

  function script(name) {
    return new Promise(function (done, failed) {
      var one = document.createElement("script");
      one.src = new URL(name, own).href;
      one.onload = done;
      one.onerror = function () { one.remove(); failed(new Error(name)); };
      document.head.append(one);
    });
  }

  // The form and its data come when they are asked for, so that no other visit pays for them.
  var form = null;
  function loaded() {
    form = form || script("own-names-data.js").then(function () { return script("own-names-form.js"); });
    form.catch(function () { form = null; });
    return form;
  }

  window.guideNames = { now: function () { return now; }, keep: keep, say: say, script: script };

  document.addEventListener("click", function (event) {
    var opener = event.target.closest(".own-names__open");
    var link = event.target.closest('a.download, a[href$=".zip"]');
    if (opener) {
      loaded().then(function () { window.guideNames.open(opener); },
        function () { say(opener.dataset.unloaded); });
    } else if (now && link && !("plain" in link.dataset) && event.button === 0 && !event.metaKey && !event.ctrlKey) {
      event.preventDefault();
      loaded().then(function () { return window.guideNames.download(link); }).catch(function () {
        say(window.ownNames ? window.ownNames.words.plain : "");
        link.dataset.plain = "";
        link.click();
        delete link.dataset.plain;
      });
    }
  });
  window.addEventListener("storage", function (event) {
    if (event.key === KEY || event.key === null) show(read());
  });
  var kept = read();
  if (kept) show(kept);
})();
