package model

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/problem"
	"github.com/starling-load/starling/record/flow"
)

// The reasons for which an answer can fail, as [Judge.Judge] names them.
const (
	FailStatus   = "status"      // the status class was not recorded
	FailRedirect = "redirect"    // the answer leads to a place that no recorded answer led to
	FailContent  = "content"     // another media type
	FailBody     = "body"        // the body is cut or cannot be decoded
	FailShape    = "shape"       // a feature is missing, or a JSON member has another type
	FailError    = "error block" // the page shows an error that no recorded page showed
	FailGRPC     = "grpc status" // a gRPC status that was not recorded
)

// A Judge is a Check prepared for many answers. It is immutable and may be used
// concurrently.
type Judge struct {
	status   [6]bool // by class
	statuses string  // for people
	redirect []target
	content  []string
	require  []string
	known    map[string]bool     // features, required ones too
	types    map[string][]string // JSON path → types
	grpc     []string            // names of gRPC statuses
}

// Compile prepares c. The Judge keeps copies only: c may change afterwards.
func (c *Check) Compile() *Judge {
	j := &Judge{content: slices.Clone(c.Content), require: slices.Clone(c.Require)}
	var classes []string
	for _, s := range c.Status {
		if s > 0 && s < len(j.status) {
			j.status[s] = true
			classes = append(classes, strconv.Itoa(s)+"xx")
		}
	}
	j.statuses = strings.Join(classes, " or ")
	for _, r := range c.Redirect {
		j.redirect = append(j.redirect, parseTarget(r))
	}
	if len(c.Require)+len(c.Known) > 0 {
		j.known, j.types = map[string]bool{}, map[string][]string{}
	}
	for _, f := range slices.Concat(c.Require, c.Known) {
		if j.known[f] {
			continue
		}
		j.known[f] = true
		if status, ok := strings.CutPrefix(f, "grpc:"); ok {
			j.grpc = append(j.grpc, status)
		}
		if path, kind, ok := cutJSON(f); ok {
			j.types[path] = append(j.types[path], kind)
		}
	}
	return j
}

// Judge says whether an answer looks as the recorded answers did. If it does, name
// is "". If not, name is one of the Fail constants, and detail tells more in one
// line. Of the body, detail holds only names of members, forms and classes. d is
// the content of resp. An empty check passes everything.
//
//   - The status class is one of Status.
//   - A redirection's Location matches one of Redirect: each {} stands for one
//     segment, or for a value of the query. Only the query keys of the template
//     are compared. The host is compared only if the template is a whole URL.
//   - The media type is one of Content.
//   - The status of a gRPC call is one of Require or Known, or OK if they name none.
//   - Every feature of Require is there. A JSON member within an array is
//     required only if the array holds something. It may have any of the types
//     that Require or Known list for it.
//   - Every error block is in Require or Known. If these list types for a JSON
//     member of the answer, it has at least one of them.
//
// An answer 304 has no content to judge.
func (j *Judge) Judge(resp *flow.Response, d *content.Doc) (name, detail string) {
	class := resp.Status / 100
	if j.statuses != "" && (class < 0 || class >= len(j.status) || !j.status[class]) {
		return FailStatus, "status " + strconv.Itoa(resp.Status) + " instead of " + j.statuses
	}
	if resp.Status == 304 {
		return "", ""
	}
	if class == 3 && len(j.redirect) > 0 {
		if detail := j.misled(resp.Headers.Value("Location")); detail != "" {
			return FailRedirect, detail
		}
	}
	if len(j.content) > 0 {
		media := d.Media()
		bare := media == "" && class == 3 && resp.Body.Size == 0 && len(resp.Body.Data) == 0
		if !bare && !slices.Contains(j.content, media) {
			if media == "" {
				media = "no media type"
			}
			return FailContent, problem.Shorten(media) + " instead of " + problem.Shorten(strings.Join(j.content, " or "))
		}
	}
	status := d.GRPC()
	if detail := j.called(status); detail != "" {
		return FailGRPC, detail
	}
	if j.known == nil {
		return "", ""
	}
	if d.Cut() && status == "" { // a gRPC status can be judged without the whole body
		return FailBody, "the body is cut or cannot be decoded"
	}
	return j.features(d.Shape().Features)
}

// called says what is wrong with the gRPC status of an answer: "" if it was
// recorded. status is "" for an answer without one.
func (j *Judge) called(status string) string {
	switch {
	case slices.Contains(j.grpc, status), len(j.grpc) == 0 && (status == "" || status == "OK"):
		return ""
	case len(j.grpc) == 0:
		return status
	case status == "":
		status = "no status"
	}
	return status + " instead of " + strings.Join(j.grpc, " or ")
}

// features judges the sorted features of an answer.
func (j *Judge) features(got []string) (name, detail string) {
	for _, f := range got {
		if class, ok := strings.CutPrefix(f, "error:"); ok && !j.known[f] {
			return FailError, "an error block of class " + problem.Shorten(class)
		}
	}
	full := len(got) >= content.MaxFeatures // the answer may have more features than got lists
	for _, f := range j.require {
		if _, had := slices.BinarySearch(got, f); !had && !full && j.missing(f, got) {
			return FailShape, "lacks " + problem.Shorten(f)
		}
	}
	for _, f := range got {
		path, kind, ok := cutJSON(f)
		if !ok || j.known[f] || len(j.types[path]) == 0 {
			continue
		}
		if !j.typed(path, got) {
			return FailShape, problem.Shorten(path) + " is " + kind + " instead of " + strings.Join(j.types[path], " or ")
		}
	}
	return "", ""
}

// missing reports whether an answer without the feature f should have it.
func (j *Judge) missing(f string, got []string) bool {
	path, _, ok := cutJSON(f)
	if !ok {
		return !strings.HasPrefix(f, "grpc:") // called has judged the gRPC status
	}
	if at := strings.LastIndex(path, "[]"); at >= 0 {
		element := path[:at+len("[]")]
		i, _ := slices.BinarySearch(got, element)
		if i == len(got) || !strings.HasPrefix(got[i], element) {
			return false // the array is empty or not there
		}
	}
	return !j.typed(path, got)
}

// typed reports whether the answer has path with a recorded type.
func (j *Judge) typed(path string, got []string) bool {
	for _, kind := range j.types[path] {
		if _, had := slices.BinarySearch(got, path+":"+kind); had {
			return true
		}
	}
	return false
}

// cutJSON splits the feature "$.path:type".
func cutJSON(feature string) (path, kind string, ok bool) {
	at := strings.LastIndexByte(feature, ':')
	if at < 0 || feature[0] != '$' {
		return "", "", false
	}
	return feature[:at], feature[at+1:], true
}

// misled says where a Location leads if no recorded one led there, otherwise "".
func (j *Judge) misled(location string) string {
	if location == "" {
		return "no Location"
	}
	to := parseTarget(location)
	for i := range j.redirect {
		if j.redirect[i].matches(&to) {
			return ""
		}
	}
	return "leads to " + problem.Shorten(to.public())
}

// A target is where a redirection leads, or a template of that.
type target struct {
	origin   string // scheme://host, "" in a relative reference
	relative bool   // the path does not begin with "/"
	segments []string
	query    url.Values
}

// parseTarget reads a URL reference or template. It accepts anything.
func parseTarget(s string) target {
	var t target
	s, _, _ = strings.Cut(s, "#")
	s, query, _ := strings.Cut(s, "?")
	if at := strings.Index(s, "//"); at == 0 || at > 0 && s[at-1] == ':' {
		host, path, _ := strings.Cut(s[at+2:], "/")
		t.origin, s = strings.ToLower(s[:at+2]+host), "/"+path
	}
	t.relative = !strings.HasPrefix(s, "/")
	for t.relative && (strings.HasPrefix(s, "./") || strings.HasPrefix(s, "../")) {
		_, s, _ = strings.Cut(s, "/")
	}
	if s != "" {
		t.segments = strings.Split(strings.TrimPrefix(s, "/"), "/")
	}
	if query != "" {
		t.query, _ = url.ParseQuery(query) // what can be read of it
	}
	return t
}

// matches reports whether the template t describes to. A relative path is
// compared with the end of the template's.
func (t *target) matches(to *target) bool {
	if t.origin != "" && t.origin != to.origin {
		_, host, _ := strings.Cut(t.origin, "//")
		if to.origin != "//"+host { // which takes over the scheme
			return false
		}
	}
	want := t.segments
	if to.relative && len(want) > len(to.segments) {
		want = want[len(want)-len(to.segments):]
	}
	if len(want) != len(to.segments) {
		return false
	}
	for i, w := range want {
		if got := to.segments[i]; w != got && !(w == "{}" && got != "") && !matchesHoles(w, got) {
			return false
		}
	}
	for key, values := range t.query {
		got := to.query[key]
		if len(got) < len(values) {
			return false
		}
		for i, v := range values {
			if v != "{}" && v != got[i] && !matchesHoles(v, got[i]) {
				return false
			}
		}
	}
	return true
}

// matchesHoles reports whether s is template with something in place of each {}.
func matchesHoles(template, s string) bool {
	parts := strings.Split(template, "{}")
	if len(parts) == 1 {
		return template == s
	}
	s, ok := strings.CutPrefix(s, parts[0])
	if !ok {
		return false
	}
	for _, p := range parts[1 : len(parts)-1] {
		at := -1
		if len(s) > 0 {
			at = strings.Index(s[1:], p)
		}
		if at < 0 {
			return false
		}
		s = s[1+at+len(p):]
	}
	last := parts[len(parts)-1]
	return len(s) > len(last) && strings.HasSuffix(s, last)
}

// public returns the path, without segments that may be somebody's.
func (t *target) public() string {
	var b strings.Builder
	b.WriteString(t.origin)
	for i, s := range t.segments {
		if i > 0 || !t.relative {
			b.WriteByte('/')
		}
		if len(s) > 24 || strings.ContainsAny(s, "0123456789@%=") {
			s = "{}"
		}
		b.WriteString(s)
	}
	if b.Len() == 0 {
		return "the same path"
	}
	return b.String()
}
