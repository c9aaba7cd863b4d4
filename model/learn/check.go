package learn

import (
	"net/url"
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/endpoint"
	"github.com/starling-load/starling/record/flow"
)

// maxKnown is the number of optional features that a check lists.
const maxKnown = content.MaxFeatures

// privateTexts returns the values of data files that a page may show of its user.
// Values shorter than three bytes are left out.
func (l *learner) privateTexts(files []model.Source) []string {
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

// check learns what the answers of an endpoint look like.
func (l *learner) check(name string, private []string) model.Check {
	var c model.Check
	var answers [][]string
	bare, cut := false, false
	seen := map[string]int{}
	for _, v := range l.sessions {
		for _, s := range v.exchanges {
			if s.Endpoint != name {
				continue
			}
			r := s.Flow.Response
			add(&c.Status, r.Status/100)
			if r.Status == 304 {
				add(&c.Status, 2) // the answer to a user whose cache is empty
				continue
			}
			if r.Status/100 == 3 {
				add(&c.Redirect, l.leadsTo(s.Flow))
			}
			d := content.New(r)
			if media := d.Media(); media != "" {
				add(&c.Content, media)
			} else if r.Status/100 != 3 || r.Body.Size > 0 {
				bare = true
			}
			if stream(s.Flow) {
				continue
			}
			if d.Cut() {
				cut = true
				continue
			}
			features := shape(d, private)
			answers = append(answers, features)
			for _, f := range features {
				seen[f]++
			}
		}
	}
	if bare && len(c.Content) > 0 {
		add(&c.Content, "")
	}
	c.Redirect = slices.DeleteFunc(c.Redirect, func(s string) bool { return s == "" })
	slices.Sort(c.Status)
	slices.Sort(c.Redirect)
	slices.Sort(c.Content)
	if cut {
		l.report.Lost["answers cut by the recorder, whose shape is not checked"]++
		return c // a replayed answer is whole, so it has features that were not recorded
	}
	for f := range seen {
		if required(f, answers) {
			c.Require = append(c.Require, f)
		} else if len(c.Known) < maxKnown {
			c.Known = append(c.Known, f)
		}
	}
	slices.Sort(c.Require)
	slices.Sort(c.Known)
	return c
}

func add[T comparable](list *[]T, v T) {
	if !slices.Contains(*list, v) {
		*list = append(*list, v)
	}
}

// shape returns the features of an answer. A title that names the user is left out.
func shape(d *content.Doc, private []string) []string {
	features := d.Shape().Features
	title := d.Title()
	if title == "" {
		return features
	}
	for _, p := range private {
		if endpoint.Delimited(title, p) >= 0 {
			return slices.DeleteFunc(slices.Clone(features), func(f string) bool { return strings.HasPrefix(f, "title:") })
		}
	}
	return features
}

// required reports whether every answer has the feature f, or has nothing in
// the array that f is a member of. Members of maps keyed by record and error
// blocks are never required.
func required(f string, answers [][]string) bool {
	if strings.HasPrefix(f, "error:") || strings.HasPrefix(f, "$") && strings.Contains(f, "{}") {
		return false
	}
	element := ""
	if i := strings.LastIndex(f, "[]"); strings.HasPrefix(f, "$") && i >= 0 {
		element = f[:i+2]
	}
	for _, a := range answers {
		if _, had := slices.BinarySearch(a, f); had {
			continue
		}
		if element == "" {
			return false
		}
		i, _ := slices.BinarySearch(a, element)
		if i < len(a) && strings.HasPrefix(a[i], element) {
			return false
		}
	}
	return true
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
	if to.Host != "" && to.Host != base.Host {
		return to.Scheme + "://" + to.Host + path
	}
	return path
}
