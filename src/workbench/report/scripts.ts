/**
 * The space-time diagram: a row for each node, time from left to right, a line for each message.
 *
 * Draws what is in sight; of more than a browser can show at once every so-manieth, and says so. Everything that nodes
 * sent reaches the page through `textContent` alone.
 */
export const diagramScript = `
const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const svgNode = (name, fields, text) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [field, value] of Object.entries(fields)) node.setAttribute(field, value);
  if (text !== undefined) node.textContent = text;
  return node;
};
const fill = (select, choices) => {
  for (const [value, text] of choices) {
    const option = document.createElement("option");
    option.value = value;
    option.textContent = text;
    select.append(option);
  }
};
(() => {
  const drawnMax = 1500, firstMax = 300, rowHeight = 26, head = 18;
  const { rows, nodes, types, fates, src, dest, sent, took, type, fate, bodies, total } = data.messages;
  const count = src.length, end = Math.max(1, data.durationMs * 1000);
  const isDoubled = new Set(data.messages.doubled);
  const stage = byId("stage"), diagram = byId("diagram"), overview = byId("overview");
  const choice = { node: -1, type: -1, kind: "", fate: -1 };
  const heights = new Array(200).fill(0); // messages in each part of the whole time
  let from = 0, to = end, chosen = -1;

  fill(byId("node"), [[-1, "all"], ...rows.map((name, at) => [at, name])]);
  fill(byId("type"), [[-1, "all"], ...types.map((name, at) => [at, name])]);
  fill(byId("kind"), [["", "all"], ["nodes", "nodes"], ["clients", "clients and nodes"],
    ["services", "services and nodes"]]);
  fill(byId("fate"), [[-1, "all"], ...fates.map((name, at) => [at, name]), [-2, "all that were lost"], [-3, "doubled"]]);
  fill(byId("moment"), [["0", "the beginning"], ...data.bands.map(([kind, what, start]) =>
    [String(start), kind + " at " + (start / 1000).toFixed(2) + " s: " + what]), [String(data.durationMs), "the end"]]);

  const kindOf = (at) => {
    if (src[at] === 0 || dest[at] === 0) return "clients";
    return src[at] > nodes || dest[at] > nodes ? "services" : "nodes";
  };
  const matches = (at) =>
    (choice.node < 0 || src[at] === choice.node || dest[at] === choice.node) &&
    (choice.type < 0 || type[at] === choice.type) && (choice.kind === "" || kindOf(at) === choice.kind) &&
    (choice.fate === -1 || fate[at] === choice.fate || (choice.fate === -2 && fates[fate[at]].startsWith("lost")) ||
      (choice.fate === -3 && isDoubled.has(at)));
  const longest = took.reduce((most, each) => Math.max(most, each), 0);
  /** The first message that was sent at a time or later. */
  const firstAt = (time) => {
    let low = 0, high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sent[middle] >= time) high = middle; else low = middle + 1;
    }
    return low;
  };
  const inSight = () => {
    const found = [];
    for (let at = firstAt(from - longest); at < count && sent[at] <= to; at++) {
      if (sent[at] + Math.max(0, took[at]) >= from && matches(at)) found.push(at);
    }
    return found;
  };
  /** 1, 2 or 5 times a power of ten, at least as long. */
  const roundStep = (least) => {
    const power = 10 ** Math.floor(Math.log10(least));
    return ([1, 2, 5].find((factor) => factor * power >= least) || 10) * power;
  };
  const seconds = (time) => (time / 1e6).toFixed(to - from < 2e5 ? 4 : to - from < 5e6 ? 3 : 1) + " s";

  const drawMessage = (at, x, y) => {
    const start = x(sent[at]), isHere = took[at] >= 0;
    const [upper, lower] = [y(src[at]), y(dest[at])];
    const stop = isHere ? x(sent[at] + took[at]) : start + 14;
    const last = isHere ? lower : upper + (lower - upper) * 0.4;
    const path = upper === lower
      ? "M" + start + " " + upper + "Q" + (start + stop) / 2 + " " + (upper - 16) + " " + stop + " " + lower
      : "M" + start + " " + upper + "L" + stop + " " + last;
    const style = "m h" + (type[at] % 8) + (isHere ? "" : " lost") + (isDoubled.has(at) ? " doubled" : "");
    const line = svgNode("path", { d: path, class: style + (at === chosen ? " chosen" : "") });
    line.append(svgNode("title", {}, describe(at)));
    line.addEventListener("click", () => { chosen = at; showDetail(at); draw(); });
    diagram.append(line);
    if (isHere) diagram.append(svgNode("circle", { cx: stop, cy: lower, r: 1.8, class: "h" + (type[at] % 8) }));
    else diagram.append(svgNode("path", { class: "cross", d: "M" + (stop - 3) + " " + (last - 3) + "l6 6m0 -6l-6 6" }));
  };
  const describe = (at) => rows[src[at]] + " → " + rows[dest[at]] + "  " + types[type[at]] + "\\n" + seconds(sent[at]) +
    (took[at] < 0 ? ", " + fates[fate[at]] : " to " + seconds(sent[at] + took[at])) + (isDoubled.has(at) ? ", doubled" : "");
  const showDetail = (at) => {
    byId("detail").hidden = false;
    byId("detail").textContent = describe(at) + "\\n" + (bodies[at] || "(this page does not hold its body)");
  };
  const drawBands = (svg, x, height) => {
    for (const [kind, what, start, stop] of data.bands) {
      const [left, right] = [x(start * 1000), x(stop * 1000)];
      const band = svgNode("rect", { class: "band", x: left, y: 0, width: Math.max(1, right - left), height });
      band.append(svgNode("title", {}, kind + ": " + what));
      svg.append(band);
    }
  };
  const draw = () => {
    const width = Math.max(200, stage.clientWidth), height = head + rows.length * rowHeight;
    const x = (time) => ((time - from) / (to - from)) * width, y = (row) => head + row * rowHeight + rowHeight / 2;
    diagram.replaceChildren();
    diagram.setAttribute("viewBox", "0 0 " + width + " " + height);
    diagram.style.height = height + "px";
    drawBands(diagram, x, height);
    for (const row of rows.keys()) diagram.append(svgNode("line", { class: "row", x1: 0, x2: width, y1: y(row), y2: y(row) }));
    const step = roundStep((to - from) / 8), digits = Math.max(0, Math.min(6, Math.ceil(6 - Math.log10(step) - 1e-9)));
    for (let tick = Math.ceil(from / step); tick * step < to; tick++) {
      diagram.append(svgNode("text", { x: x(tick * step) + 3, y: 12 }, ((tick * step) / 1e6).toFixed(digits) + " s"));
      diagram.append(svgNode("line", { class: "row", x1: x(tick * step), x2: x(tick * step), y1: 0, y2: head }));
    }
    const found = inSight(), every = Math.ceil(found.length / drawnMax);
    for (let at = 0; at < found.length; at += every) drawMessage(found[at], x, y);
    const said = found.length.toLocaleString("en") + " messages from " + seconds(from) + " to " + seconds(to);
    const sample = every > 1 ? "; one of " + every + " is drawn: zoom in for all of them" : "";
    const held = count < total ? ". This page holds the first " + count.toLocaleString("en") + " of " +
      total.toLocaleString("en") + " messages, until " + ((sent[count - 1] || 0) / 1e6).toFixed(1) + " s" : "";
    const hint = ". Drag to move, Ctrl and wheel to zoom, click a message for its body.";
    byId("window").textContent = said + sample + held + hint;
    drawOverview();
  };
  const drawOverview = () => {
    const width = Math.max(200, overview.clientWidth), height = 44, bins = heights.length;
    const most = Math.max(1, ...heights), x = (time) => (time / end) * width;
    overview.replaceChildren();
    overview.setAttribute("viewBox", "0 0 " + width + " " + height);
    drawBands(overview, x, height);
    for (const [at, number] of heights.entries()) {
      const tall = (number / most) * (height - 6);
      const place = { x: (at * width) / bins, y: height - tall, width: width / bins, height: tall };
      overview.append(svgNode("rect", { class: "bar", ...place }));
    }
    const place = { x: x(from), y: 1, width: Math.max(3, x(to) - x(from)), height: height - 2 };
    overview.append(svgNode("rect", { class: "view", ...place }));
  };
  const refilter = () => {
    heights.fill(0);
    for (let at = 0; at < count; at++) {
      if (matches(at)) heights[Math.min(heights.length - 1, Math.floor((sent[at] / end) * heights.length))]++;
    }
  };
  const look = (start, span) => {
    const length = Math.min(end, Math.max(20, span));
    from = Math.max(0, Math.min(end - length, start));
    to = from + length;
    draw();
  };
  const zoom = (factor, center) => look(center - (center - from) * factor, (to - from) * factor);
  const middle = () => (from + to) / 2;
  const lookAt = (time) => look(time - Math.min(to - from, 4e5) / 4, Math.min(to - from, 4e5));

  for (const name of Object.keys(choice)) byId(name).addEventListener("change", ({ target }) => {
    choice[name] = name === "kind" ? target.value : Number(target.value);
    refilter();
    draw();
  });
  byId("moment").addEventListener("change", ({ target }) => lookAt(Number(target.value) * 1000));
  byId("closer").addEventListener("click", () => zoom(0.5, middle()));
  byId("wider").addEventListener("click", () => zoom(2, middle()));
  byId("earlier").addEventListener("click", () => look(from - (to - from) / 2, to - from));
  byId("later").addEventListener("click", () => look(from + (to - from) / 2, to - from));
  byId("whole").addEventListener("click", () => look(0, end));
  const timeAt = (svg, event) => {
    const box = svg.getBoundingClientRect();
    return (event.clientX - box.left) / box.width;
  };
  overview.addEventListener("click", (event) => look(timeAt(overview, event) * end - (to - from) / 2, to - from));
  diagram.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.25 : 0.8, from + timeAt(diagram, event) * (to - from));
  }, { passive: false });
  let grip;
  diagram.addEventListener("pointerdown", (event) => { grip = { x: event.clientX, from }; });
  addEventListener("pointerup", () => { grip = undefined; });
  diagram.addEventListener("pointermove", (event) => {
    if (grip === undefined || Math.abs(event.clientX - grip.x) < 4) return;
    look(grip.from - ((event.clientX - grip.x) / stage.clientWidth) * (to - from), to - from);
  });
  for (const button of document.querySelectorAll("button[data-time]")) button.addEventListener("click", () => {
    lookAt(Number(button.dataset.time) * 1000);
    stage.scrollIntoView({ block: "center" });
  });
  addEventListener("resize", draw);
  const names = byId("rows");
  names.style.paddingTop = head + "px";
  for (const name of rows) {
    const cell = document.createElement("div");
    cell.style.height = cell.style.lineHeight = rowHeight + "px";
    cell.textContent = cell.title = name;
    names.append(cell);
  }
  for (const [at, name] of types.entries()) {
    const entry = document.createElement("span");
    entry.className = "h" + (at % 8);
    entry.append(document.createElement("i"), name);
    byId("legend").append(entry);
  }
  refilter();
  look(0, count <= firstMax ? end : sent[firstMax]);
})();`;

/** The table of operations: a page at a time, filtered by function and outcome. */
export const tableScript = `
(() => {
  const rowsMax = 100;
  const { rows, total } = data.operations;
  const choice = { f: "", outcome: "" };
  let first = 0;
  const distinct = (column) => [...new Set(rows.map((row) => row[column]))].sort();
  fill(byId("f"), [["", "all"], ...distinct(4).map((name) => [name, name])]);
  fill(byId("outcome"), [["", "all"], ...distinct(6).map((name) => [name, name])]);
  const show = () => {
    const fits = (wanted, value) => wanted === "" || wanted === value;
    const found = rows.filter((row) => fits(choice.f, row[4]) && fits(choice.outcome, row[6]));
    first = Math.max(0, Math.min(first, Math.floor((found.length - 1) / rowsMax) * rowsMax));
    byId("operations").replaceChildren(...found.slice(first, first + rowsMax).map((row) => {
      const line = document.createElement("tr");
      for (const [column, value] of row.entries()) {
        const cell = document.createElement("td");
        if (column === 1) cell.textContent = (value / 1000).toFixed(3) + " s";
        else if (column === 8) cell.textContent = value < 0 ? "" : value.toFixed(2) + " ms";
        else cell.textContent = String(value);
        if (column === 6) cell.className = value;
        cell.title = cell.textContent;
        line.append(cell);
      }
      return line;
    }));
    const last = Math.min(found.length, first + rowsMax);
    const held = rows.length < total ? " (this page holds the first of " + total.toLocaleString("en") + ")" : "";
    const range = found.length === 0 ? "none" : first + 1 + " to " + last + " of " + found.length.toLocaleString("en");
    byId("page").textContent = range + held;
  };
  for (const name of Object.keys(choice)) byId(name).addEventListener("change", ({ target }) => {
    choice[name] = target.value;
    first = 0;
    show();
  });
  byId("previous").addEventListener("click", () => { first -= rowsMax; show(); });
  byId("next").addEventListener("click", () => { first += rowsMax; show(); });
  show();
})();`;
