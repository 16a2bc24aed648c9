// The form of "Use my names", and the downloads that hold them. Its data: own-names-data.js, which
// site_builder/pages/placeholder_names.py writes; what it does, pypi_practice/fork/placeholder_names.py does in Python.
(function () {
  "use strict";
  var data = window.ownNames;
  var marks = new RegExp(data.marks.map(function (mark, number) {
    return "(?<m" + number + ">" + mark.pattern + ")";
  }).join("|"), "g");

  function identifier(name) {
    if (/^\d/.test(name)) name = "_" + name;
    return data.keywords.includes(name) ? name + "_" : name;
  }

  function forms(project, repository, user) {
    var normal = project.replace(/[-_.]+/g, "-").toLowerCase();
    var file = normal.replace(/-/g, "_");
    var classes = normal.split("-").map(function (part) {
      return part.charAt(0).toUpperCase() + part.slice(1);
    }).join("");
    return {
      project: project, repository: repository, user: user, normal: normal, file: file,
      package: identifier(file), command: normal, classes: identifier(classes),
    };
  }

  function look(name) {
    return Array.from(name, function (character) {
      return character in data.looks ? data.looks[character] : character;
    }).join("").toLowerCase();
  }

  function whole(pattern, flags) {
    return new RegExp("^(?:" + pattern + ")$", flags);
  }

  var stdlib = new Set(data.stdlib.split(" "));

  function faults(project, repository, user) {
    var problems = {};
    var names = { project: project, repository: repository, user: user };
    var normal = project.replace(/[-_.]+/g, "-").toLowerCase();
    if (!project) problems.project = "empty";
    else if (!whole(data.pattern, "i").test(project)) problems.project = "name_invalid";
    else if (stdlib.has(normal)) problems.project = "name_stdlib";
    else if (data.prohibited.includes(normal)) problems.project = "name_prohibited";
    else if (data.taken.includes(look(project))) problems.project = "name_similar";
    if (repository && !whole(data.repository).test(repository)) problems.repository = "repository";
    if (user && !whole(data.user).test(user)) problems.user = "user";
    Object.keys(names).forEach(function (field) {
      if (new RegExp("^(?:" + data.token + ")").test(names[field].trimStart())) problems[field] = "token";
    });
    return problems;
  }

  function replaced(text, own) {
    return text.replace(marks, function () {
      var groups = arguments[arguments.length - 1];
      var hit = data.marks.findIndex(function (mark, number) { return groups["m" + number] !== undefined; });
      var form = data.marks[hit].form;
      return form === "keep" ? arguments[0] : own[form];
    });
  }

  // The form

  function element(tag, attributes, content) {
    var node = document.createElement(tag);
    Object.keys(attributes).forEach(function (name) { node.setAttribute(name, attributes[name]); });
    node.append.apply(node, content || []);
    return node;
  }

  var inputs = {}, complaints = {}, refused = new Set();

  function typed() {
    var values = {};
    Object.keys(inputs).forEach(function (field) { values[field] = inputs[field].value.trim(); });
    return values;
  }

  function built() {
    var words = data.words;
    var rows = Object.keys(data.fields).map(function (field) {
      var fieldTexts = data.fields[field], id = "own-names-" + field;
      inputs[field] = element("input", {
        id: id, type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
        maxlength: "100", placeholder: fieldTexts.example, "aria-describedby": id + "-hint " + id + "-fault",
      });
      complaints[field] = element("span", { id: id + "-fault", class: "own-names-form__fault", "aria-live": "polite" });
      return element("div", { class: "own-names-form__row" }, [
        element("label", { for: id }, [fieldTexts.label]), inputs[field],
        element("span", { id: id + "-hint", class: "own-names-form__hint" }, [fieldTexts.hint]), complaints[field],
      ]);
    });
    var becomes = element("code", {}), onIndex = element("a", {});
    var free = element("p", {}, [words.free, " ", onIndex]);
    var reset = element("button", { type: "button" }, [words.reset]);
    var cancel = element("button", { type: "button" }, [words.cancel]);
    var form = element("form", { novalidate: "" }, [
      element("h2", { id: "own-names-title" }, [words.title]), element("p", {}, [words.kept]),
      ...rows, element("p", { class: "own-names-form__becomes" }, [words.becomes, " ", becomes]), free,
      element("p", { class: "own-names-form__buttons" }, [
        element("button", { type: "submit", class: "own-names-form__save" }, [words.save]), cancel, reset,
      ]),
    ]);
    var dialog = element("dialog", { class: "own-names-form md-typeset", "aria-labelledby": "own-names-title" }, [form]);

    function check() {
      var values = typed();
      var problems = faults(values.project, values.repository, values.user);
      Object.keys(inputs).forEach(function (field) {
        // A token does not stay in sight, and the sentence about it does until something is typed.
        if (problems[field] === "token") { inputs[field].value = ""; refused.add(field); }
        else if (values[field]) refused.delete(field);
        if (refused.has(field)) problems[field] = "token";
        var fault = problems[field];
        // An empty field is a fault when it is sent, and not before anything was typed.
        if (fault === "empty" && !dialog.dataset.sent) fault = "";
        inputs[field].toggleAttribute("aria-invalid", false);
        if (fault) inputs[field].setAttribute("aria-invalid", "true");
        var text = fault ? data.says[fault] : "";
        if (complaints[field].textContent !== text) complaints[field].textContent = text;
      });
      var own = forms(values.project || data.fields.project.example, "", "");
      free.hidden = !values.project || Boolean(problems.project);
      onIndex.href = onIndex.textContent = data.projects + own.normal + "/";
      becomes.textContent = [own.package, own.command, own.file + "-0.1.0.tar.gz"].join(", ");
      return problems;
    }

    form.addEventListener("input", check);
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      dialog.dataset.sent = "yes";
      var problems = check(), values = typed();
      var wrong = Object.keys(inputs).find(function (field) { return problems[field]; });
      if (wrong) { inputs[wrong].focus(); return; }
      var isStored = window.guideNames.keep(forms(
        values.project, values.repository || values.project, values.user || data.fields.user.example
      ));
      dialog.close();
      window.guideNames.say(isStored ? words.saved : words.unkept);
    });
    reset.addEventListener("click", function () {
      window.guideNames.keep(null);
      dialog.close();
      window.guideNames.say(words.gone);
    });
    cancel.addEventListener("click", function () { dialog.close(); });
    dialog.check = check;
    document.body.append(dialog);
    return dialog;
  }

  var dialog = null;

  // Opens the form with what is kept; Escape and Cancel leave it as it was.
  function open() {
    dialog = dialog || built();
    var now = window.guideNames.now();
    delete dialog.dataset.sent;
    refused.clear();
    inputs.project.value = now ? now.project : "";
    inputs.repository.value = now && now.repository !== now.project ? now.repository : "";
    inputs.user.value = now && now.user !== data.fields.user.example ? now.user : "";
    dialog.check();
    window.guideNames.say("");
    dialog.showModal();
    inputs.project.focus();
  }

  // The downloads

  var table = Uint32Array.from({ length: 256 }, function (all, number) {
    for (var bit = 0; bit < 8; bit++) number = number & 1 ? 0xedb88320 ^ (number >>> 1) : number >>> 1;
    return number;
  });

  function checksum(bytes) {
    var sum = -1;
    bytes.forEach(function (byte) { sum = table[(sum ^ byte) & 255] ^ (sum >>> 8); });
    return ~sum >>> 0;
  }

  // Returns a zip file that is not compressed with *change* applied to its names and texts.
  function rezipped(bytes, change) {
    var view = new DataView(bytes.buffer), utf8 = new TextEncoder();
    var parts = [], list = [], at = 0, offset = 0, count = 0;
    while (view.getUint32(at, true) === 0x04034b50) {
      if (view.getUint16(at + 8, true) !== 0) throw new Error("compressed");
      var long = view.getUint16(at + 26, true), size = view.getUint32(at + 18, true);
      var start = at + 30 + long + view.getUint16(at + 28, true);
      var name = utf8.encode(change(new TextDecoder().decode(bytes.subarray(at + 30, at + 30 + long))));
      var body = bytes.subarray(start, start + size);
      try {
        body = utf8.encode(change(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body)));
      } catch (error) { /* no text: it stays as it is */ }
      var head = new DataView(bytes.slice(at, at + 30).buffer);
      head.setUint32(14, checksum(body), true);
      head.setUint32(18, body.length, true);
      head.setUint32(22, body.length, true);
      head.setUint16(26, name.length, true);
      head.setUint16(28, 0, true);
      var entry = new DataView(new ArrayBuffer(46));
      entry.setUint32(0, 0x02014b50, true);
      entry.setUint16(4, 0x0314, true); // made on Unix, where files have a mode
      for (var byte = 0; byte < 26; byte++) entry.setUint8(6 + byte, head.getUint8(4 + byte));
      entry.setUint32(38, (0o100644 << 16) >>> 0, true);
      entry.setUint32(42, offset, true);
      parts.push(head, name, body);
      list.push(entry, name);
      offset += 30 + name.length + body.length;
      at = start + size;
      count++;
    }
    var size = list.reduce(function (sum, part) { return sum + part.byteLength; }, 0);
    var end = new DataView(new ArrayBuffer(22));
    end.setUint32(0, 0x06054b50, true);
    end.setUint16(8, count, true);
    end.setUint16(10, count, true);
    end.setUint32(12, size, true);
    end.setUint32(16, offset, true);
    return new Blob([...parts, ...list, end], { type: "application/zip" });
  }

  function content(link) {
    // For a page from a disk a browser fetches no file, but loads a script that holds the archive.
    if (link.protocol === "file:" && link.pathname.endsWith(".zip")) {
      return window.guideNames.script("archive-data.js").then(function () {
        return Uint8Array.from(atob(window.guideArchive), function (one) { return one.charCodeAt(0); });
      });
    }
    return fetch(link.href).then(function (answer) {
      if (!answer.ok) throw new Error(answer.status);
      return answer.arrayBuffer();
    }).then(function (buffer) { return new Uint8Array(buffer); });
  }

  function download(link) {
    var own = window.guideNames.now();
    function change(text) { return replaced(text, own); }
    return content(link).then(function (bytes) {
      var name = link.getAttribute("download") || new URL(link.href).pathname.split("/").pop();
      var file = name.endsWith(".zip") ? rezipped(bytes, change)
        : new Blob([change(new TextDecoder().decode(bytes))], { type: "text/plain" });
      var address = URL.createObjectURL(file);
      var saver = element("a", { href: address, download: change(name), "data-plain": "" });
      document.body.append(saver);
      saver.click();
      saver.remove();
      setTimeout(function () { URL.revokeObjectURL(address); }, 10000);
    });
  }

  Object.assign(window.guideNames, {
    open: open, download: download, forms: forms, faults: faults, replaced: replaced,
  });
})();
