// Readers' own names in the place of the example's. They are kept in this browser, nowhere else.
(function () {
  "use strict";
  var KEY = "publish-from-ci.own-names";
  var own = document.currentScript.src;
  var first = new Map();
  var now = null;

  function read() {
    try {
      var stored = JSON.parse(localStorage.getItem(KEY));
      var isValid = stored && Object.values(stored).every(function (name) {
        return typeof name === "string" && /^[\w.-]*$/.test(name);
      });
      return isValid && stored.project ? stored : null;
    } catch (error) {
      return null;
    }
  }

  // Shows *forms*, every form of the names by its key, or the example's names for null.
  function show(forms) {
    now = forms;
    document.querySelectorAll("[data-name]").forEach(function (element) {
      var form = element.dataset.name;
      if (!first.has(element)) first.set(element, element.textContent);
      element.textContent = !forms ? first.get(element) : form === "rest" ? "" : forms[form];
    });
    document.querySelectorAll("[data-own-href]").forEach(function (element) {
      if (!first.has(element)) first.set(element, element.href);
      element.href = !forms ? first.get(element) : element.dataset.ownHref.replace(/\{(\w+)\}/g, function (all, form) {
        return forms[form];
      });
    });
    document.querySelectorAll(".own-names__open").forEach(function (button) {
      if (!first.has(button)) first.set(button, button.textContent);
      button.textContent = forms ? button.dataset.change : first.get(button);
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
    document.querySelectorAll(".own-names__status").forEach(function (statusElement) {
      statusElement.textContent = text;
    });
  }

  function script(name) {
    return new Promise(function (done, failed) {
      var script = document.createElement("script");
      script.src = new URL(name, own).href;
      script.onload = done;
      script.onerror = function () { script.remove(); failed(new Error(name)); };
      document.head.append(script);
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
  var stored = read();
  if (stored) show(stored);
})();
