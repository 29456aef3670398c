"use strict";
// Every name comes from a file that anybody may have written: it is only ever put in as text.
(() => {
  const root = document.documentElement;
  window.addEventListener("error", event => { root.dataset.error = event.message; });
  const by = id => document.getElementById(id);
  const data = JSON.parse(by("data").textContent);
  const HEAT = {
    cold: "shared and never written",
    warm: "in place: written only when the image is moved or the machine changes it",
    hot: "worked on at every load: hydrated",
    bind: "bound at every load",
    drop: "read at a load, then dropped",
  };

  // The tree as a list: each node knows its number, its parent, and what it is a part of.
  const nodes = [];
  const queue = [[data.tree, null]];
  for (let next = 0; next < queue.length; next++) {
    const [node, parent] = queue[next];
    node.id = nodes.length;
    node.parent = parent;
    node.parts = (node.parts || []).filter(part => part.bytes > 0).sort((a, b) => b.bytes - a.bytes);
    nodes.push(node);
    for (const part of node.parts) queue.push([part, node]);
  }
  // What has an extent in the file, the smallest last: what lies at an offset is the last that contains it.
  const placed = nodes.filter(node => node.at !== undefined);

  const element = (name, text, classes) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (classes) made.className = classes;
    return made;
  };
  const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  const bytes = count => {
    let unit = 0;
    let value = count;
    while (value >= 1024 && unit + 1 < UNITS.length) { value /= 1024; unit++; }
    return unit === 0 ? `${count} ${count === 1 ? "byte" : "bytes"}` : `${value.toFixed(value < 10 ? 2 : 1)} ${UNITS[unit]}`;
  };
  const share = (part, whole) => {
    const percent = whole > 0 ? part / whole * 100 : 0;
    return percent > 0 && percent < 0.1 ? "< 0.1 %" : `${percent.toFixed(1)} %`;
  };
  const short = name => {
    // The last part of a path; parameters keep theirs.
    const end = name.indexOf("<");
    const path = end < 0 ? name : name.slice(0, end);
    return name.slice(path.lastIndexOf("::") < 0 ? 0 : path.lastIndexOf("::") + 2);
  };
  const hex = number => "0x" + number.toString(16);

  const facts = node => {
    const list = [["kind", node.kind], ["bytes", `${bytes(node.bytes)} (${node.bytes.toLocaleString("en")})`]];
    if (node.parent) {
      list.push(["share", `${share(node.bytes, node.parent.bytes)} of ${short(node.parent.name)}, ${share(node.bytes, data.tree.bytes)} of the image`]);
    }
    if (node.at !== undefined) list.push(["offset", `${hex(node.at)} to ${hex(node.at + node.length)}`]);
    for (const fact of node.facts || []) list.push(fact);
    if (node.heat) list.push(["at a load", HEAT[node.heat]]);
    return list;
  };
  const showFacts = node => {
    by("facts-title").textContent = node.name;
    const rows = [];
    for (const [label, value] of facts(node)) rows.push(element("dt", label), element("dd", value));
    by("facts").replaceChildren(...rows);
  };
  const tip = by("tip");
  const showTip = (event, title, lines) => {
    tip.replaceChildren(element("strong", title), ...lines.map(line => element("div", line)));
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - box.width - 8))}px`;
    tip.style.top = `${event.clientY + 18 + box.height > innerHeight ? Math.max(4, event.clientY - box.height - 10) : event.clientY + 18}px`;
  };
  const hideTip = () => { tip.hidden = true; };

  // Squarified treemaps (Bruls, Huizing, van Wijk 2000): rows whose tiles are as square as they get.
  const squarify = (parts, box) => {
    const placed = [];
    let { x, y, w, h } = box;
    let left = parts.reduce((sum, part) => sum + part.bytes, 0);
    let from = 0;
    while (from < parts.length && left > 0 && w > 0 && h > 0) {
      const scale = w * h / left;
      const side = Math.min(w, h);
      let sum = 0;
      let worst = Infinity;
      let to = from;
      while (to < parts.length) {
        const area = sum + parts[to].bytes * scale;
        const depth = area / side;
        const first = parts[from].bytes * scale / depth;
        const last = parts[to].bytes * scale / depth;
        const ratio = Math.max(first / depth, depth / last);
        if (ratio > worst) break;
        worst = ratio;
        sum = area;
        to++;
      }
      const depth = sum / side;
      let along = 0;
      for (let index = from; index < to; index++) {
        const length = parts[index].bytes * scale / depth;
        placed.push(w >= h
          ? { part: parts[index], x, y: y + along, w: depth, h: length }
          : { part: parts[index], x: x + along, y, w: length, h: depth });
        along += length;
        left -= parts[index].bytes;
      }
      if (w >= h) { x += depth; w -= depth; } else { y += depth; h -= depth; }
      from = to;
    }
    return placed;
  };
  const place = (made, box) => {
    made.style.left = `${box.x}px`;
    made.style.top = `${box.y}px`;
    made.style.width = `${Math.max(box.w, 1)}px`;
    made.style.height = `${Math.max(box.h, 1)}px`;
  };

  let current = data.tree;
  let marked = null;
  const LABEL = 20;
  const drawMap = () => {
    const map = by("map");
    const box = { x: 0, y: 0, w: map.clientWidth, h: map.clientHeight };
    const shown = current.parts.length > 0 ? current.parts : [current];
    const tiles = [];
    for (const tile of squarify(shown, box)) {
      if (tile.w * tile.h < 6) continue;
      const made = element("button", undefined, `tile ${tile.part.heat || "drop"}`);
      made.type = "button";
      made.dataset.node = tile.part.id;
      made.setAttribute("aria-label", `${tile.part.name}, ${tile.part.kind}, ${bytes(tile.part.bytes)}${tile.part.parts.length ? ", opens" : ""}`);
      place(made, tile);
      if (tile.w > 34 && tile.h > LABEL) {
        const label = element("span", short(tile.part.name), "label");
        if (tile.w > 90) label.append(element("small", bytes(tile.part.bytes)));
        made.append(label);
      }
      if (tile.part !== current && tile.w > 60 && tile.h > LABEL + 24) {
        const inner = { x: 3, y: LABEL, w: tile.w - 8, h: tile.h - LABEL - 5 };
        for (const sub of squarify(tile.part.parts, inner)) {
          if (sub.w < 3 || sub.h < 3) continue;
          const within = element("span", sub.w > 30 && sub.h > 14 ? short(sub.part.name) : undefined, `sub ${sub.part.heat || "drop"}`);
          within.dataset.node = sub.part.id;
          place(within, { x: sub.x, y: sub.y, w: sub.w - 1, h: sub.h - 1 });
          made.append(within);
        }
      }
      tiles.push(made);
    }
    map.replaceChildren(...tiles);
  };

  const drawCrumbs = () => {
    const way = [];
    for (let node = current; node; node = node.parent) way.unshift(node);
    by("crumbs").replaceChildren(...way.map(node => {
      const item = element("li");
      const button = element("button", node === data.tree ? node.name : short(node.name));
      button.type = "button";
      button.title = node.name;
      if (node === current) button.setAttribute("aria-current", "location");
      else button.addEventListener("click", () => open(node));
      item.append(button);
      return item;
    }));
  };

  const drawTable = () => {
    by("table-title").textContent = `Contents of ${current.name}`;
    by("rows").replaceChildren(...current.parts.map(part => {
      const row = element("tr");
      const name = element("td");
      name.append(element("i", undefined, part.heat || "drop"));
      if (part.parts.length > 0) {
        const button = element("button", part.name);
        button.type = "button";
        button.addEventListener("click", () => open(part));
        name.append(button);
      } else name.append(part.name);
      row.append(name, element("td", part.kind), element("td", part.bytes.toLocaleString("en"), "number"),
        element("td", share(part.bytes, current.bytes), "number"), element("td", part.heat ? HEAT[part.heat] : ""));
      return row;
    }));
  };

  // The strip: one cell for so many pages, its hue what happens to them at a load; it is filled with ink as far as its
  // words are pointers.
  const strip = by("strip");
  const cells = data.pages.density.length;
  const CELL = cells > 2000 ? 12 : cells > 600 ? 16 : 22;
  let perRow = 1;
  let cursor = -1;
  const extent = cell => [cell * data.pages.bytes_per_cell, Math.min((cell + 1) * data.pages.bytes_per_cell, data.tree.bytes)];
  const lyingAt = (start, end) => {
    let found = data.tree;
    for (const node of placed) {
      if (node.at < end && node.at + node.length > start && (found.length === undefined || node.length <= found.length)) found = node;
    }
    return found;
  };
  const HEATS = ["cold", "warm", "hot", "bind", "drop"];
  const drawStrip = () => {
    const width = strip.parentElement.clientWidth;
    perRow = Math.max(1, Math.floor(width / CELL));
    const rows = Math.ceil(cells / perRow);
    const scale = window.devicePixelRatio || 1;
    strip.width = width * scale;
    strip.height = rows * CELL * scale;
    strip.style.height = `${rows * CELL}px`;
    const pen = strip.getContext("2d");
    pen.scale(scale, scale);
    const style = getComputedStyle(root);
    const hues = HEATS.map(heat => `hsl(${style.getPropertyValue("--" + heat)})`);
    const ink = style.getPropertyValue("--pointers");
    const from = marked && marked.at !== undefined ? marked : null;
    for (let cell = 0; cell < cells; cell++) {
      const x = cell % perRow * CELL;
      const y = Math.floor(cell / perRow) * CELL;
      const [start, end] = extent(cell);
      pen.globalAlpha = from && !(from.at < end && from.at + from.length > start) ? 0.3 : 1;
      pen.fillStyle = hues[data.pages.heat[cell]] || hues[HEATS.length - 1];
      pen.fillRect(x, y, CELL - 1, CELL - 1);
      const filled = data.pages.density[cell] / 100 * (CELL - 1);
      pen.fillStyle = ink;
      pen.fillRect(x, y + CELL - 1 - filled, CELL - 1, filled);
      if (cell === cursor) {
        pen.globalAlpha = 1;
        pen.strokeStyle = style.getPropertyValue("--text");
        pen.lineWidth = 3;
        pen.strokeRect(x + 1.5, y + 1.5, CELL - 4, CELL - 4);
      }
    }
  };
  const aboutCell = cell => {
    const [start, end] = extent(cell);
    const node = lyingAt(start, end);
    const way = [];
    for (let at = node; at.parent; at = at.parent) way.unshift(short(at.name));
    return [`${hex(start)} to ${hex(end)}`, [way.join(" \u203a ") || "header",
      `${data.pages.density[cell]} % of the words are pointers`, HEAT[HEATS[data.pages.heat[cell]] || "drop"]], node];
  };
  const cellAt = event => {
    const box = strip.getBoundingClientRect();
    const cell = Math.floor((event.clientY - box.top) / CELL) * perRow + Math.floor((event.clientX - box.left) / CELL);
    return cell >= 0 && cell < cells && event.clientX - box.left < perRow * CELL ? cell : -1;
  };
  const nearest = node => {
    let found = node;
    while (found.parts.length === 0 && found.parent) found = found.parent;
    return found;
  };

  const mark = node => {
    showFacts(node || current);
    const next = node && node.at !== undefined ? node : null;
    if (next !== marked) { marked = next; drawStrip(); }
  };
  const draw = () => {
    drawCrumbs();
    drawMap();
    drawTable();
    showFacts(current);
    marked = current.at !== undefined ? current : null;
    drawStrip();
  };
  // The place is in the address, so that the way back of the browser is the way back here.
  const path = node => {
    const way = [];
    for (let at = node; at.parent; at = at.parent) way.unshift(at.parent.parts.indexOf(at));
    return way.join("/");
  };
  const open = node => {
    hideTip();
    if (node.parts.length === 0 && node !== data.tree) return;
    const wanted = "#" + path(node);
    if (location.hash === wanted) return;
    location.hash = wanted;
  };
  const follow = () => {
    let node = data.tree;
    for (const step of location.hash.slice(1).split("/")) {
      if (step === "") break;
      const part = node.parts[Number(step)];
      if (!part) break;
      node = part;
    }
    current = node;
    draw();
  };

  const map = by("map");
  const nodeOf = event => {
    const made = event.target.closest("[data-node]");
    return made ? nodes[Number(made.dataset.node)] : null;
  };
  map.addEventListener("click", event => {
    const tile = event.target.closest(".tile");
    if (tile) open(nodes[Number(tile.dataset.node)]);
  });
  map.addEventListener("mousemove", event => {
    const node = nodeOf(event);
    if (!node) return hideTip();
    mark(node);
    showTip(event, node.name, facts(node).slice(0, 3).map(([label, value]) => label === "kind" ? value : `${label}: ${value}`));
  });
  map.addEventListener("mouseleave", () => { hideTip(); mark(current); });
  map.addEventListener("focusin", event => { const node = nodeOf(event); if (node) mark(node); });
  const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  map.addEventListener("keydown", event => {
    const move = MOVES[event.key];
    const from = document.activeElement.closest(".tile");
    if (!move || !from) return;
    event.preventDefault();
    const middle = tile => [tile.offsetLeft + tile.offsetWidth / 2, tile.offsetTop + tile.offsetHeight / 2];
    const [x, y] = middle(from);
    let best = null;
    let least = Infinity;
    for (const tile of map.children) {
      const [a, b] = middle(tile);
      const ahead = (a - x) * move[0] + (b - y) * move[1];
      const aside = Math.abs((a - x) * move[1]) + Math.abs((b - y) * move[0]);
      if (ahead > 1 && ahead + 2 * aside < least) { least = ahead + 2 * aside; best = tile; }
    }
    if (best) best.focus();
  });
  document.addEventListener("keydown", event => {
    if (event.key === "Escape" && current.parent) { open(current.parent); by("crumbs").lastElementChild.firstElementChild.focus(); }
  });
  strip.addEventListener("mousemove", event => {
    const cell = cellAt(event);
    if (cell < 0) return hideTip();
    const [title, lines] = aboutCell(cell);
    showTip(event, title, lines);
  });
  strip.addEventListener("mouseleave", hideTip);
  strip.addEventListener("click", event => { const cell = cellAt(event); if (cell >= 0) open(nearest(aboutCell(cell)[2])); });
  strip.addEventListener("keydown", event => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -perRow, ArrowDown: perRow, Home: -cells, End: cells }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      cursor = Math.max(0, Math.min(cells - 1, cursor < 0 ? 0 : cursor + step));
      const [title, lines] = aboutCell(cursor);
      by("strip-now").textContent = [title, ...lines].join(" \u00b7 ");
      drawStrip();
    } else if (event.key === "Enter" && cursor >= 0) open(nearest(aboutCell(cursor)[2]));
  });
  strip.addEventListener("blur", () => { cursor = -1; by("strip-now").textContent = ""; drawStrip(); });

  const setTheme = theme => {
    root.dataset.theme = theme;
    by("theme").textContent = theme === "dark" ? "Light" : "Dark";
    drawStrip();
  };
  const legend = (heat, text) => {
    const item = element("li");
    item.append(element("i", undefined, heat), text);
    return item;
  };
  document.title = `${data.tree.name}: neodump image`;
  by("title").textContent = data.tree.name;
  by("summary").textContent = data.summary;
  by("strip-scale").textContent = `One cell is ${bytes(data.pages.bytes_per_cell)} of the file, from its start.`;
  by("legend").replaceChildren(...HEATS.map(heat => legend(heat, HEAT[heat])), legend("fade", "filled as far as its words are pointers"));
  by("theme").addEventListener("click", () => setTheme(root.dataset.theme === "dark" ? "light" : "dark"));
  window.addEventListener("hashchange", follow);
  window.addEventListener("resize", () => { drawMap(); drawStrip(); });
  setTheme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  follow();
  root.dataset.ready = "true";
})();
