package learn

import (
	"net/url"
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/correlate"
	"github.com/starling-load/starling/model/outcome"
	"github.com/starling-load/starling/record/flow"
)

// privateTexts returns the values of data files that a page may show of its user.
// Values shorter than three bytes are left out.
func privateTexts(files []model.Source) []string {
	var out []string
	for _, f := range files {
		for _, row := range f.Rows {
			for _, v := range row {
				if len(v) >= 3 {
					out = append(out, v)
				}
			}
		}
	}
	return out
}

// expected returns what answers the steps expect. sent says how they were sent.
func (l *learner) expected(sent [][]correlate.Act) *outcome.Result {
	known := make([][]int, len(l.sessions)) // indices of the steps whose answer is known
	for i, s := range l.sessions {
		for k := range s.steps {
			if s.steps[k].is&unknown == 0 {
				known[i] = append(known[i], k)
			}
		}
	}
	found := l.outcome.Result(func(session, step int) string { return sent[session][known[session][step]].Variant })
	if found.Cut > 0 {
		l.report.Lost["answers cut by the recorder, whose shape is not checked"] = found.Cut
	}
	l.report.exceptions = found.Exceptions
	for i, s := range l.sessions { // of the others nothing is expected
		if steps := found.Steps[i]; len(steps) < len(s.steps) {
			found.Steps[i] = make([]outcome.Expected, len(s.steps))
			for n, k := range known[i] {
				found.Steps[i][k] = steps[n]
			}
		}
	}
	return found
}

// leadsTo returns the template of the path that a redirection leads to.
func (l *learner) leadsTo(f *flow.Flow) string {
	location := f.Response.Headers.Value("Location")
	if location == "" {
		return ""
	}
	base, err := url.Parse(f.URL())
	if err != nil {
		return ""
	}
	to, err := base.Parse(location)
	if err != nil {
		return ""
	}
	path := l.templates.PathOf(to.EscapedPath())
	if path == "" {
		path = "/"
	}
	path += queryKeys(to)
	if to.Host != "" && to.Host != base.Host {
		return to.Scheme + "://" + to.Host + path
	}
	return path
}

// maxQuery is the number of query keys that a template of a redirection names.
const maxQuery = 6

// queryKeys returns the keys of a query as a template, such as "?a={}&b={}". A key that
// is a value, as in "?17", is left out. A longer query is no template.
func queryKeys(u *url.URL) string {
	var keys []string
	for key, values := range u.Query() {
		if values[0] != "" && content.Kind(key) == "" && len(key) <= 40 {
			keys = append(keys, url.QueryEscape(key)+"={}")
		}
	}
	if len(keys) == 0 || len(keys) > maxQuery {
		return ""
	}
	slices.Sort(keys)
	return "?" + strings.Join(keys, "&")
}
