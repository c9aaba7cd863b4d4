package report

import (
	"fmt"
	"html/template"
	"io"

	"github.com/starling-load/starling/replay/stats"
)

// page is a report that needs nothing from elsewhere.
var page = template.Must(template.New("report").Funcs(template.FuncMap{
	"micros": micros, "match": func(e stats.EndpointSummary) string { return percent(e.OutcomeMatch, e.Requests+e.Skipped > 0) }, "error": errorName,
}).Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{.Manifest.Source}} → {{.Manifest.Target}} · Starling</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #8884; vertical-align: top; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.good { color: #0a7d4f; } .bad { color: #c2410c; font-weight: 600; }
.note { background: #f5b94133; padding: .6rem 1rem; border-radius: .5rem; }
small { opacity: .7; }
</style>
</head>
<body>
<h1>{{.Manifest.Source}} → {{.Manifest.Target}}</h1>
<p><small>{{.Manifest.Schedule}} · seed {{.Manifest.Seed}} · {{.Manifest.Start.UTC.Format "2006-01-02 15:04:05 UTC"}}{{range .Manifest.Labels}} · {{.}}{{end}}</small></p>
{{with .Unresolved}}<div class="note"><strong>Sent as recorded, though nothing explains them; the target may expect others:</strong>
<ul>{{range .}}<li>{{.}}</li>{{end}}</ul></div>{{end}}
<h2>Verdicts</h2>
<table>{{range .Judgements}}
<tr><th>{{.Name}}</th><td class="{{if .Good}}good{{else}}bad{{end}}">{{.Verdict}}</td><td>{{range .Reasons}}<div>{{.}}</div>{{end}}</td></tr>{{end}}
</table>
<h2>Figures</h2>
<table>{{range .Figures}}
<tr><th>{{.Name}}</th><td class="n">{{.Value}}</td></tr>{{end}}
</table>
<h2>Endpoints</h2>
<table>
<tr><th>Endpoint</th><th class="n">requests</th><th class="n">failed</th><th class="n">skipped</th><th class="n">match</th><th class="n">p50</th><th class="n">p95</th><th class="n">p99</th></tr>{{range .Shown}}
<tr><td>{{.Name}}</td><td class="n">{{.Requests}}</td><td class="n">{{.Failures}}</td><td class="n">{{.Skipped}}</td><td class="n">{{match .}}</td><td class="n">{{micros .Response.P50}}</td><td class="n">{{micros .Response.P95}}</td><td class="n">{{micros .Response.P99}}</td></tr>{{end}}
</table>
{{with .Folded}}<details><summary>{{$.FoldedName}}</summary>
<table>
<tr><th>Endpoint</th><th class="n">requests</th><th class="n">failed</th><th class="n">skipped</th><th class="n">match</th><th class="n">p50</th><th class="n">p95</th><th class="n">p99</th></tr>{{range .}}
<tr><td>{{.Name}}</td><td class="n">{{.Requests}}</td><td class="n">{{.Failures}}</td><td class="n">{{.Skipped}}</td><td class="n">{{match .}}</td><td class="n">{{micros .Response.P50}}</td><td class="n">{{micros .Response.P95}}</td><td class="n">{{micros .Response.P99}}</td></tr>{{end}}
</table>
</details>
{{end}}{{with .Summary.Errors}}<h2>Errors</h2>
<table>{{range .}}
<tr><td class="n">{{.Count}}</td><td>{{error .}}</td><td>{{.Endpoint}}</td><td>{{range .Samples}}<div>{{.}}</div>{{end}}</td></tr>{{end}}
</table>{{end}}
</body>
</html>
`))

// writeHTML writes a run as one page.
func writeHTML(w io.Writer, run *stats.Run) error {
	shown, folded, name := fold(run.Summary)
	return page.Execute(w, struct {
		*stats.Run
		Unresolved []string
		Judgements []judgement
		Figures    []figure
		Shown      []stats.EndpointSummary
		Folded     []stats.EndpointSummary
		FoldedName string
	}{run, unresolved(run.Summary), judgements(run.Summary), figures(run.Summary), shown, folded, name})
}

// fold divides the endpoints of a run into those that are shown and the parts of pages,
// and says how many these are and how often they were asked for.
func fold(s *stats.Summary) (shown, folded []stats.EndpointSummary, name string) {
	all, n := s.Assets()
	for _, e := range s.Endpoints {
		if n > 0 && e.Asset {
			folded = append(folded, e)
		} else {
			shown = append(shown, e)
		}
	}
	return shown, folded, fmt.Sprintf("%s, %d requests, %d failed", all.Name, all.Requests, all.Failures)
}
