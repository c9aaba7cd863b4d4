package model

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
)

// Logins are the pages of a service that ask for a password.
type Logins struct{ pages []target }

// Logins finds the pages that ask for a password: endpoints of which every recorded
// answer that holds something was a page with such a form.
func (m *Model) Logins() *Logins {
	l := &Logins{}
	for i := range m.Endpoints {
		if e := &m.Endpoints[i]; e.asksPassword() {
			l.pages = append(l.pages, parseTarget(loginTarget(e.Name)))
		}
	}
	return l
}

// asksPassword reports whether every page of e has a form with a password.
func (e *Endpoint) asksPassword() bool {
	if !strings.HasPrefix(e.Name, "GET /") {
		return false
	}
	asks := slices.Contains(e.Check.Require, content.LoginFeature)
	for i := range e.Outcomes {
		c := &e.Outcomes[i].Check
		if slices.Contains(c.Require, content.LoginFeature) {
			asks = true
		} else if len(c.Require)+len(c.Known) > 0 {
			return false
		}
	}
	return asks
}

// loginTarget makes a template of the name of an endpoint. Of the query it keeps the
// keys that the name gives values for.
func loginTarget(name string) string {
	_, path, _ := strings.Cut(name, " ")
	path, _, _ = strings.Cut(path, " ")
	path, query, _ := strings.Cut(path, "?")
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if strings.Contains(s, "{") {
			segments[i] = "{}"
		}
	}
	values := url.Values{}
	for pair := range strings.SplitSeq(query, "&") {
		if key, value, ok := strings.Cut(pair, "="); ok && !strings.Contains(value, "{") {
			values.Add(key, value)
		}
	}
	if len(values) == 0 {
		return strings.Join(segments, "/")
	}
	return strings.Join(segments, "/") + "?" + values.Encode()
}

// leads reports whether a Location leads to a page that asks for a password.
func (l *Logins) leads(location string) bool {
	if l == nil || location == "" {
		return false
	}
	to := parseTarget(location)
	return slices.ContainsFunc(l.pages, func(page target) bool { return page.matches(&to) })
}

// lost says how the answer asks who the user is, "" if it does not or if the recorded
// answers did so.
func (j *Judge) lost(resp *flow.Response, d *content.Doc) string {
	switch {
	case j.statuses != "" && resp.Status == 401 && !j.accepts(401):
		return "status 401 instead of " + j.statuses
	case resp.Status/100 == 3 && resp.Status != 304:
		location := resp.Headers.Value("Location")
		if j.logins.leads(location) && (!j.accepts(resp.Status) || len(j.redirect) > 0 && j.misled(location) != "") {
			to := parseTarget(location)
			return "leads to the login, " + to.public()
		}
	case j.known != nil && !j.known[content.LoginFeature] || j.known == nil && (j.links > 0 || len(j.content) > 0 && !slices.Contains(j.content, "text/html")):
		if media := d.Media(); media != "text/html" && media != "application/xhtml+xml" {
			return ""
		}
		if _, asks := slices.BinarySearch(d.Shape().Features, content.LoginFeature); asks {
			return "a form asks for a password, with status " + strconv.Itoa(resp.Status)
		}
	}
	return ""
}
