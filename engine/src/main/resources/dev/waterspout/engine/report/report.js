'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const cells = data.ttft.flatMap(file => file.cells);
  const quality = data.quality;
  const byId = id => document.getElementById(id);
  // Okabe and Ito's colours tell apart with every kind of colour vision.
  const palette = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#d55e00', '#56b4e9', '#8a8f98'];
  const symbols = ['circle', 'rect', 'triangle', 'diamond', 'roundRect', 'pin', 'arrow'];
  const parts = [['compute', 'computeSeconds', '#8a9bb0'], ['quantize', 'quantizeSeconds', '#e69f00'],
    ['transfer', 'transferSeconds', '#d55e00'], ['dequantize + sum', 'dequantizeSumSeconds', '#0072b2']];
  const unique = values => [...new Set(values)];
  const speed = link => link === 'unlimited' ? Infinity : Number(link);
  const ms = seconds => 1e3 * seconds;
  const fixed = (value, digits = 1) => value === undefined || value === null ? '' : Number(value).toFixed(digits);
  /** Text of a file as HTML: the tooltips of ECharts are HTML. */
  const escaped = text => String(text).replace(/[&<>"']/g, character => '&#' + character.charCodeAt(0) + ';');
  const charts = new Map();

  function theme() {
    const style = getComputedStyle(document.documentElement);
    const read = name => style.getPropertyValue(name).trim();
    return { ink: read('--ink'), soft: read('--soft'), line: read('--line'), card: read('--card') };
  }

  function draw(id, option) {
    const colours = theme();
    const axis = each => ({
      nameTextStyle: { color: colours.soft }, axisLabel: { color: colours.soft }, axisLine: { lineStyle: { color: colours.line } },
      splitLine: { lineStyle: { color: colours.line } }, nameLocation: 'middle', nameGap: each.gap || 28, ...each });
    let chart = charts.get(id);
    if (!chart) {
      chart = echarts.init(byId(id), null, { renderer: 'svg' });
      charts.set(id, chart);
    }
    chart.setOption({
      animation: false, aria: { enabled: false }, textStyle: { color: colours.ink, fontFamily: 'system-ui, sans-serif' },
      tooltip: { confine: true, backgroundColor: colours.card, borderColor: colours.line, textStyle: { color: colours.ink },
        ...option.tooltip },
      legend: { top: 0, textStyle: { color: colours.ink }, inactiveColor: colours.line, data: option.legend },
      grid: { left: option.y.name ? 34 : 28, right: option.right || 24, top: 44, bottom: 34, containLabel: true },
      xAxis: axis(option.x), yAxis: axis(option.y), series: option.series }, true);
  }

  function table(id, head, rows) {
    const element = document.createElement('table');
    const line = (tag, values) => {
      const row = document.createElement('tr');
      values.forEach(value => {
        const field = document.createElement(tag);
        if (tag === 'th') field.scope = 'col';
        field.textContent = value;
        row.append(field);
      });
      return row;
    };
    const top = document.createElement('thead');
    top.append(line('th', head));
    const body = document.createElement('tbody');
    rows.forEach(row => body.append(line('td', row)));
    element.append(top, body);
    byId(id).replaceChildren(element);
  }

  function fill(id, values) {
    const select = byId(id);
    const before = select.value;
    select.replaceChildren(...values.map(value => new Option(value, value)));
    if (values.map(String).includes(before)) select.value = before;
  }

  const match = (cell, model, ranks, prompt) =>
    cell.model === model && cell.ranks === Number(ranks) && cell.promptTokens === Number(prompt);
  const chosen = () => cells.filter(cell => match(cell, byId('model').value, byId('ranks').value, byId('prompt').value));
  const atLink = () => chosen().filter(cell => cell.linkGbps === byId('link').value);

  function choice(cell) {
    if (cell.comm !== 'auto') return cell.comm;
    return 'auto (' + cell.choice.prefill.collective + ' ' + cell.choice.prefill.format + ')';
  }

  /** Whether values differ by factors, so that a scale of factors shows them best. */
  function wide(series) {
    const values = series.flatMap(each => each.data).filter(value => value > 0);
    return Math.max(...values) > 5 * Math.min(...values);
  }

  function drawTtft() {
    const own = chosen();
    const links = unique(own.map(cell => cell.linkGbps)).sort((a, b) => speed(a) - speed(b));
    const formats = unique(own.map(cell => cell.comm));
    const at = (format, link) => own.find(cell => cell.comm === format && cell.linkGbps === link);
    const series = [];
    formats.forEach((format, i) => {
      const colour = palette[i % palette.length];
      const value = key => links.map(link => at(format, link) && at(format, link)[key] ? ms(at(format, link)[key]) : null);
      series.push({ name: format, type: 'line', data: value('ttftSeconds'), symbol: symbols[i % symbols.length], symbolSize: 9,
        lineStyle: { width: 2.5 }, color: colour, connectNulls: true });
      series.push({ name: format + ', predicted', type: 'scatter', data: value('predictedTtftSeconds'), color: colour,
        symbol: 'path://M0,0L2,0L5,3L8,0L10,0L10,2L7,5L10,8L10,10L8,10L5,7L2,10L0,10L0,8L3,5L0,2Z', symbolSize: 8 });
    });
    draw('ttft', { legend: formats, series, tooltip: { trigger: 'axis', valueFormatter: value => fixed(value) + ' ms' },
      x: { type: 'category', data: links, name: 'Gbit/s each way', boundaryGap: true },
      y: wide(series) ? { type: 'log', logBase: 2, name: 'time to first token, ms', gap: 52, axisLabel: { color: theme().soft,
        formatter: value => String(Number(value.toPrecision(3))) } }
        : { type: 'value', name: 'time to first token, ms', gap: 52, min: 0 } });
    const rows = [];
    links.forEach(link => formats.forEach(format => {
      const cell = at(format, link);
      if (!cell) return;
      const base = at('bf16', link);
      const error = cell.predictionError;
      rows.push([link + ' Gbit/s', choice(cell), fixed(ms(cell.ttftSeconds)), base ? fixed(base.ttftSeconds / cell.ttftSeconds, 2) : '',
        fixed(cell.decodeTokensPerSecond), cell.predictedTtftSeconds ? fixed(ms(cell.predictedTtftSeconds)) : '',
        error === undefined ? (cell.predictedTtftSeconds ? 'reference' : '') : (error > 0 ? '+' : '') + fixed(100 * error) + ' %']);
    }));
    table('t-ttft', ['link', 'exchange', 'TTFT ms', 'times faster than bf16', 'decode tokens/s', 'predicted ms', 'error'], rows);
  }

  const lanes = () => atLink().flatMap(cell => cell.prefill.ranks.map(rank => ({ cell, rank, name: cell.comm + ', rank ' + rank.rank })));

  function drawBars() {
    const all = lanes();
    const series = parts.map(([name, key, colour]) => ({ name, type: 'bar', stack: 'time', color: colour, barMaxWidth: 34,
      data: all.map(lane => ms(lane.rank[key])) }));
    byId('bars').style.height = Math.max(260, 110 + 30 * all.length) + 'px';
    draw('bars', { legend: parts.map(part => part[0]), series, tooltip: { trigger: 'axis', axisPointer: { type: 'shadow' },
      valueFormatter: value => fixed(value, 2) + ' ms' },
    x: { type: 'value', name: 'ms' }, y: { type: 'category', data: all.map(lane => lane.name), inverse: true } });
    table('t-bars', ['exchange and rank', ...parts.map(part => part[0] + ' ms'), 'MB sent', 'messages'],
      all.map(lane => [lane.name, ...parts.map(part => fixed(ms(lane.rank[part[1]]), 2)), fixed(lane.rank.bytesSent / 1e6, 3),
        lane.rank.messages]));
  }

  /** The part of a layer's operations that attention has: its matrices, and its products with keys and values. */
  function attentionShare(cell) {
    const shape = cell.shape;
    const queries = shape.width;
    const keys = shape.width / shape.heads * shape.kvHeads;
    const attention = 2 * shape.width * (2 * queries + 2 * keys) + 2 * queries * (cell.promptTokens + 1);
    return attention / (attention + 2 * 3 * shape.width * shape.ffnWidth);
  }

  function steps(lane) {
    const { cell, rank } = lane;
    const share = attentionShare(cell);
    const per = key => ms(rank[key]) / cell.shape.layers;
    const exchange = which => parts.slice(1).map(part => [part[0], per(part[1]) / 2, part[2], which]);
    return [['compute', share * per('computeSeconds'), parts[0][2], 'attention'], ...exchange('attention'),
      ['compute', (1 - share) * per('computeSeconds'), parts[0][2], 'FFN'], ...exchange('FFN')];
  }

  function drawLayer() {
    const all = lanes().filter(lane => lane.cell.shape);
    byId('s-layer').hidden = all.length === 0;
    if (all.length === 0) return;
    const rows = all.map(steps);
    const series = rows[0].map((step, i) => ({ name: step[0], type: 'bar', stack: 'layer', color: step[2], barMaxWidth: 22,
      itemStyle: { borderColor: theme().card, borderWidth: 0.5 }, data: rows.map(row => row[i][1]) }));
    byId('layer').style.height = Math.max(260, 110 + 26 * all.length) + 'px';
    draw('layer', { legend: parts.map(part => part[0]), series, tooltip: { trigger: 'item',
      formatter: hit => escaped(hit.name) + '<br>' + (hit.seriesIndex < 4 ? 'attention: ' : 'FFN: ') + escaped(hit.seriesName) + ' ' + fixed(hit.value, 3) + ' ms' },
    x: { type: 'value', name: 'ms from the start of the layer' }, y: { type: 'category', data: all.map(lane => lane.name), inverse: true } });
    table('t-layer', ['exchange and rank', ...rows[0].map(step => step[3] + ' ' + step[0] + ' ms')],
      all.map((lane, i) => [lane.name, ...rows[i].map(step => fixed(step[1], 3))]));
  }

  const title = each => [each.model, each.text, each.ranks + ' ranks', each.collective].filter(Boolean).join(', ');

  function drawPareto() {
    const each = quality[byId('quality').selectedIndex];
    const formats = each.formats.filter(format => format.increasePercent !== null && format.increasePercent !== undefined)
      .sort((a, b) => a.bitsPerElement - b.bitsPerElement || a.increasePercent - b.increasePercent);
    let best = Infinity;
    const front = formats.filter(format => {
      if (format.increasePercent >= best) return false;
      best = format.increasePercent;
      return true;
    });
    const point = format => ({ name: format.format, value: [format.bitsPerElement, Math.max(1e-3, format.increasePercent)],
      exact: format.increasePercent });
    const label = { show: true, position: 'top', color: theme().soft, fontSize: 11, formatter: hit => hit.name };
    draw('pareto', { legend: ['all formats', 'Pareto front'], series: [
      { name: 'all formats', type: 'scatter', data: formats.map(point), color: palette[6], symbolSize: 8 },
      { name: 'Pareto front', type: 'line', step: 'end', data: front.map(point), color: palette[0], symbol: 'circle', symbolSize: 10,
        lineStyle: { width: 2.5 }, label, labelLayout: { hideOverlap: true } }],
    tooltip: { trigger: 'item', formatter: hit => escaped(hit.name) + '<br>' + fixed(hit.value[0], 2) + ' bits, ' + fixed(hit.data.exact, 3) + ' %' },
    right: 60, x: { type: 'value', name: 'bits per element', scale: true }, y: { type: 'log', name: 'perplexity increase, %', gap: 52 } });
    table('t-pareto', ['format', 'bits per element', 'perplexity increase %', '± %', 'on the front'], formats.map(format =>
      [format.format, fixed(format.bitsPerElement, 2), fixed(format.increasePercent, 3), fixed(format.increaseErrorPercent, 3),
        front.includes(format) ? 'yes' : '']));
  }

  const phaseColours = { 'forward': '#c9d1dc', 'half layer': '#aab6c5', 'collective': '#e5c9bb', 'output': '#c9d1dc', 'task graph': '#9fb7d6',
    'embed': '#8a8f98', 'norm': '#cc79a7', 'linear': '#56b4e9', 'rope': '#f0e442', 'attention': '#009e73', 'swiglu': '#8fd3c0',
    'kernel': '#56b4e9', 'copy-in': '#f0e442', 'copy-out': '#cc79a7', 'dispatch': '#8a8f98',
    'quantize': '#e69f00', 'transfer': '#d55e00', 'dequantize-sum': '#4a90c4' };
  const colourOf = category => (Object.hasOwn(phaseColours, category) ? phaseColours[category] : '#8a8f98');
  const svg = (tag, attributes, text) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
    Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    if (text !== undefined) element.textContent = text;
    return element;
  };

  /** The passes of the lowest lane that has any, each with what all lanes did meanwhile. */
  function passes() {
    const forward = data.trace.slices.filter(slice => slice[1] === 'forward');
    const lane = Math.min(...forward.map(slice => slice[0]));
    const own = forward.filter(slice => slice[0] === lane);
    if (own.length > 0) return own.map(slice => ({ name: slice[2] + ' at position ' + slice[3], from: slice[4], to: slice[4] + slice[5] }));
    const all = data.trace.slices;
    return [{ name: 'all', from: all[0][4], to: Math.max(...all.map(slice => slice[4] + slice[5])) }];
  }

  /** How many slices of the lane hold each one: those that began before it and have not ended. */
  function nested(slices) {
    const open = [];
    return slices.map(slice => {
      while (open.length > 0 && open[open.length - 1] <= slice[4] + 1e-6) open.pop();
      open.push(slice[4] + slice[5]);
      return [slice, open.length - 1];
    });
  }

  function drawTrace() {
    const pass = passes()[Math.max(0, byId('pass').selectedIndex)];
    const margin = 0.01 * (pass.to - pass.from);
    const [from, to] = [pass.from - margin, pass.to + margin];
    const width = 1120;
    const left = 4;
    const x = time => left + (Math.max(from, Math.min(to, time)) - from) / (to - from) * (width - 2 * left);
    const bar = 17;
    const shapes = [];
    let y = 18;
    data.trace.lanes.forEach((name, lane) => {
      const seen = nested(data.trace.slices.filter(slice => slice[0] === lane))
        .filter(([slice]) => slice[4] < to && slice[4] + slice[5] > from);
      if (seen.length === 0) return;
      shapes.push(svg('text', { x: left, y: y + 12 }, name));
      y += 17;
      let deepest = 0;
      seen.forEach(([slice, depth]) => {
        deepest = Math.max(deepest, depth);
        const [at, wide] = [x(slice[4]), Math.max(0.4, x(slice[4] + slice[5]) - x(slice[4]))];
        const rect = svg('rect', { x: at.toFixed(2), y: y + depth * bar, width: wide.toFixed(2), height: bar - 1.5, fill: colourOf(slice[1]),
          'data-phase': slice[1] });
        const number = slice[3] >= 0 ? ' ' + slice[3] : '';
        rect.append(svg('title', {}, slice[1] + ': ' + slice[2] + number + ', ' + fixed(slice[5], 3) + ' ms from ' + fixed(slice[4] - pass.from, 3) + ' ms'));
        shapes.push(rect);
        if (wide > 6.2 * (slice[2] + number).length + 6)
          shapes.push(svg('text', { x: (at + 4).toFixed(2), y: y + depth * bar + 12, class: 'inside' }, slice[2] + number));
      });
      y += (deepest + 1) * bar + 8;
    });
    const step = 10 ** Math.floor(Math.log10((to - from) / 4));
    for (let tick = 0; tick <= (pass.to - pass.from); tick += (to - from) / step > 12 ? 2 * step : step) {
      const at = x(pass.from + tick).toFixed(2);
      shapes.unshift(svg('line', { x1: at, x2: at, y1: 14, y2: y }));
      shapes.push(svg('text', { x: at, y: 10 }, Number(tick.toPrecision(6)) + ' ms'));
    }
    const picture = svg('svg', { viewBox: '0 0 ' + width + ' ' + y, width, height: y });
    picture.append(...shapes);
    byId('trace').replaceChildren(picture);
  }

  function beginTrace() {
    byId('s-trace').hidden = false;
    byId('pass').replaceChildren(...passes().map((pass, i) => new Option(pass.name, String(i))));
    byId('trace-text').textContent = 'What every rank did during one forward pass, from a file of --profile; hover for lengths. '
      + 'Of a device TornadoVM tells lengths, no beginnings: they are drawn in the order of their kinds.'
      + (data.trace.leftOut > 0 ? ' ' + data.trace.leftOut + ' later phases are in the file and in the sums, and not drawn.' : '');
    const legend = unique(data.trace.totals.map(total => total[1]));
    byId('trace-legend').replaceChildren(...legend.flatMap(category => {
      const key = document.createElement('span');
      key.className = 'key';
      key.style.background = colourOf(category);
      return [key, document.createTextNode(category)];
    }));
    table('t-trace', ['lane', 'phase', 'ms', 'times'],
      data.trace.totals.map(total => [data.trace.lanes[total[0]], total[1], fixed(total[2], 3), total[3]]));
    drawTrace();
  }

  function refresh(changed) {
    if (cells.length > 0) {
      const of = filter => cells.filter(filter);
      const model = byId('model').value;
      if (changed !== 'link') {
        fill('ranks', unique(of(cell => cell.model === model).map(cell => cell.ranks)).sort((a, b) => a - b));
        const ranks = Number(byId('ranks').value);
        fill('prompt', unique(of(cell => cell.model === model && cell.ranks === ranks).map(cell => cell.promptTokens)).sort((a, b) => b - a));
        fill('link', unique(chosen().map(cell => cell.linkGbps)).sort((a, b) => speed(a) - speed(b)));
        drawTtft();
      }
      drawBars();
      drawLayer();
    }
    if (quality.length > 0 && (!changed || changed === 'quality')) drawPareto();
  }

  const machines = data.ttft.map(file => file.machine).concat(data.trace ? data.trace.machines : []);
  byId('machine').textContent = unique(machines.filter(Boolean)).join('; ');
  if (data.trace) beginTrace();
  if (cells.length > 0) {
    ['choose', 's-ttft', 's-bars', 's-layer'].forEach(id => { byId(id).hidden = false; });
    const count = model => cells.filter(cell => cell.model === model).length;
    fill('model', unique(cells.map(cell => cell.model)).sort((a, b) => count(b) - count(a)));
  }
  if (quality.length > 0) {
    byId('s-pareto').hidden = false;
    const best = quality.findIndex(each => each.formats.length > 1);
    byId('quality').replaceChildren(...quality.map((each, i) => new Option(title(each), String(i), false, i === best)));
  }
  refresh();
  ['model', 'ranks', 'prompt', 'link', 'quality'].forEach(id => byId(id).addEventListener('change', () => refresh(id)));
  byId('pass').addEventListener('change', drawTrace);
  addEventListener('resize', () => charts.forEach(chart => chart.resize()));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => refresh());
})();
