package page

import (
	"fmt"
	"html/template"
	"io"
	"math"

	"github.com/starling-load/starling/model/fidelity"
)

// A bar is a line of a chart of shares. Widths are in percent of the greatest share.
type bar struct {
	Name                      string
	Recorded, Other           string
	RecordedWidth, OtherWidth string
}

// Write writes a report on a model, measured against a recording. The error is that of w.
func Write(w io.Writer, model, recorded string, r *fidelity.Report) error {
	view := struct {
		*fidelity.Report
		Model, Source string
		Shares        []bar
		Charts        []chart
		Worsts        []*fidelity.Metric
		Differ        int
	}{Report: r, Model: model, Source: recorded}
	for _, name := range r.Worst {
		view.Worsts = append(view.Worsts, r.Metric(name))
	}
	for i := range r.Metrics {
		if r.Metrics[i].Differs {
			view.Differ++
		}
	}
	for i := range r.Curves {
		if c := &r.Curves[i]; len(c.Bars) > 0 {
			view.Shares = bars(c)
		} else if len(c.X) > 1 {
			view.Charts = append(view.Charts, newChart(c))
		}
	}
	return page.Execute(w, view)
}

func bars(c *fidelity.Curve) []bar {
	most := 0.0
	for i := range c.Bars {
		most = math.Max(most, math.Max(c.Recorded[i], c.Other[i]))
	}
	share := func(x float64) string { return fmt.Sprintf("%.1f %%", 100*x) }
	wide := func(x float64) string { return fmt.Sprintf("%.1f", 100*x/math.Max(most, 1e-9)) }
	list := make([]bar, len(c.Bars))
	for i, name := range c.Bars {
		list[i] = bar{name, share(c.Recorded[i]), share(c.Other[i]), wide(c.Recorded[i]), wide(c.Other[i])}
	}
	return list
}

// figure is a figure of the table.
func figure(v float64) string {
	switch a := math.Abs(v); {
	case a == 0:
		return "0"
	case a >= 100:
		return fmt.Sprintf("%.0f", v)
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	case a >= 0.01:
		return fmt.Sprintf("%.2f", v)
	case a < 0.0001:
		return "< 0.0001"
	}
	return fmt.Sprintf("%.4f", v)
}

// reach is where a ratio stands on its scale, in percent: 1 in the middle, a tenth and ten
// at the ends.
func reach(ratio float64) string {
	return fmt.Sprintf("%.1f", 50+50*math.Min(1, math.Max(-1, math.Log10(math.Max(ratio, 1e-9)))))
}

// span is how far it is from one ratio to another on the scale of reach.
func span(from, to float64) string {
	var a, b float64
	fmt.Sscan(reach(from), &a)
	fmt.Sscan(reach(to), &b)
	return fmt.Sprintf("%.1f", math.Max(b-a, 0.5))
}

// page is a report that needs nothing from elsewhere.
var page = template.Must(template.New("fidelity").Funcs(template.FuncMap{
	"figure": figure, "reach": reach, "span": span, "floor": math.Floor,
}).Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Fidelity {{printf "%.0f" (floor .Fidelity)}} · {{.Model}} · Starling</title>
<style>
:root { --page: #fff; --ink: #16181d; --rec: #2563eb; --other: #c2410c; --band: #64748b33; --line: #8884; --good: #08724a; --bad: #b4380b; --soft: #8881; }
@media (prefers-color-scheme: dark) { :root { --page: #16181d; --ink: #e8eaed; --rec: #7aa7ff; --other: #ff9d66; --band: #94a3b83d; --good: #4ecb9a; --bad: #ff9d66; } }
html { background: var(--page); color: var(--ink); }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2.2rem; } h3 { font-size: 1rem; margin: 0 0 .3rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { font-weight: 600; } tbody th { font-weight: 500; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; overflow-wrap: normal; }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; }
.head { display: flex; gap: 1rem 2rem; align-items: baseline; flex-wrap: wrap; }
.score { font-size: 3.4rem; font-weight: 650; line-height: 1; font-variant-numeric: tabular-nums; } .score small { font-size: 1.2rem; font-weight: 400; }
.note { background: #f5b94133; margin-top: 1.2rem; padding: .6rem 1rem; border-radius: .5rem; } .note ul { margin: 0; padding-left: 1.1rem; }
small { opacity: .8; }
.wide { overflow-x: auto; }
.worst { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); padding: 0; list-style: none; }
.worst li { border: 1px solid var(--line); border-radius: .6rem; padding: .8rem 1rem; } .worst p { margin: .3rem 0; }
.charts { display: grid; gap: 1.4rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
figure { margin: 0; } figcaption { margin-bottom: .2rem; } figure svg { width: 100%; height: auto; display: block; }
svg text { fill: currentColor; font: 13px system-ui, sans-serif; opacity: .85; } svg .grid { stroke: var(--line); }
svg .rec, svg .other { fill: none; stroke-width: 2.2; stroke-linejoin: round; } svg .rec { stroke: var(--rec); } svg .other { stroke: var(--other); stroke-dasharray: 7 4; } svg .band { fill: var(--band); }
.key { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; } .key span::before { content: ""; display: inline-block; width: 1.6rem; height: 0; vertical-align: middle; margin-right: .4rem; border-top: 3px solid var(--rec); }
.key .other::before { border-top: 3px dashed var(--other); } .key .band::before { border-top: .8rem solid var(--band); }
.bars { display: grid; grid-template-columns: 3.8rem 1fr; align-items: center; gap: 0 .5rem; min-width: 12rem; }
.bars b { display: block; height: .5rem; border-radius: .25rem; background: var(--rec); min-width: 1px; } .bars b.other { background: var(--other); } .bars span { font-size: .85rem; text-align: right; font-variant-numeric: tabular-nums; }
.scale { position: relative; height: 1.2rem; min-width: 9rem; background: linear-gradient(var(--line), var(--line)) center/1px 100% no-repeat; }
.scale i { position: absolute; top: .5rem; height: .2rem; background: var(--rec); opacity: .55; border-radius: .1rem; } .scale b { position: absolute; top: .3rem; width: .6rem; height: .6rem; margin-left: -.3rem; border-radius: 50%; background: var(--rec); }
.differs .scale i, .differs .scale b { background: var(--other); }
@media (max-width: 40rem) { .opt { display: none; } th, td { padding: .3rem .35rem; } }
</style>
</head>
<body>
<main>
<h1>{{.Model}} beside {{.Source}}</h1>
<div class="head"><div class="score">{{printf "%.0f" (floor .Fidelity)}}<small> of 100</small></div>
<div>{{if .Differ}}<strong class="bad">{{.Differ}} of {{len .Metrics}} metrics differ</strong>{{else}}<strong class="good">like the recording in all {{len .Metrics}} metrics</strong>{{end}}<br>
<small>recording: {{.Recorded}}<br>compared: {{.Other}}</small></div></div>
{{with .Remarks}}<div class="note"><ul>{{range .}}<li>{{.}}</li>{{end}}</ul></div>{{end}}
{{with .Worsts}}<h2>What differs most</h2>
<ul class="worst">{{range .}}
<li><h3>{{.Name}}</h3><p class="bad">{{.Times}}</p><p>{{.Reason}}</p><p><small>{{.Advice}}</small></p></li>{{end}}
</ul>{{end}}
<h2>Distributions</h2>
<p class="key"><span class="rec">recording</span><span class="other">compared</span><span class="band">halves of the recording</span></p>
<div class="charts">{{range .Charts}}
<figure><figcaption><strong>{{.Metric}}</strong> <small>{{.Title}}</small></figcaption>
<svg viewBox="0 0 480 220" role="img" aria-label="{{.Text}}">{{range .Y}}<line class="grid" x1="48" x2="468" y1="{{printf "%.1f" .At}}" y2="{{printf "%.1f" .At}}"/><text x="42" y="{{printf "%.1f" .At}}" dy="4" text-anchor="end">{{.Label}}</text>{{end}}
{{range .X}}<line class="grid" x1="{{printf "%.1f" .At}}" x2="{{printf "%.1f" .At}}" y1="186" y2="191"/><text x="{{printf "%.1f" .At}}" y="207" text-anchor="middle">{{.Label}}</text>{{end}}
{{with .Band}}<path class="band" d="{{.}}"/>{{end}}<path class="rec" d="{{.Recorded}}"/><path class="other" d="{{.Other}}"/></svg></figure>{{end}}
</div>
{{with .Shares}}<h2>Commonest requests</h2>
<table><thead><tr><th>Endpoint</th><th>share of requests: recording, then compared</th></tr></thead><tbody>{{range .}}
<tr><th scope="row">{{.Name}}</th><td><div class="bars"><span>{{.Recorded}}</span><b style="width:{{.RecordedWidth}}%"></b><span>{{.Other}}</span><b class="other" style="width:{{.OtherWidth}}%"></b></div></td></tr>{{end}}
</tbody></table>{{end}}
<h2>All metrics</h2>
<p><small>A ratio of 1 is the distance of two halves of the recording from each other. The scale goes from a tenth to ten, the line is the 95 % interval. A metric differs above its limit and beyond chance.</small></p>
<div class="wide" role="region" aria-label="All metrics" tabindex="0"><table><thead><tr><th>Metric</th><th class="n">ratio</th><th class="opt">interval</th><th class="n opt">limit</th><th class="n opt">distance</th><th>verdict</th></tr></thead><tbody>{{range .Metrics}}{{$name := .Name}}{{range $i, $p := .Parts}}
<tr{{if .Differs}} class="differs"{{end}}><th scope="row">{{$name}}<br><small>{{.Name}}</small></th><td class="n">{{figure .Ratio}}</td><td class="opt"><div class="scale"><i style="left:{{reach .Low}}%;width:{{span .Low .High}}%"></i><b style="left:{{reach .Ratio}}%"></b></div><small>{{figure .Low}} – {{figure .High}}</small></td><td class="n opt">{{figure .RatioLimit}}</td><td class="n opt">{{figure .Value}}</td><td class="{{if .Differs}}bad{{else}}good{{end}}">{{if .Differs}}differs{{else}}like{{end}}</td></tr>{{end}}{{end}}
</tbody></table></div>
</main>
</body>
</html>
`))
