package model

import (
	"slices"
	"strconv"
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/problem"
	"github.com/starling-load/starling/record/flow"
)

// The reasons for which an answer can fail, as [Judge.Judge] names them.
const (
	FailStatus   = "status"      // the status was not recorded
	FailLogin    = "login lost"  // the service asks who the user is, which it did not do in the recording
	FailRedirect = "redirect"    // the answer leads to a place that no recorded answer led to
	FailContent  = "content"     // another media type
	FailBody     = "body"        // the body is cut or cannot be decoded
	FailShape    = "shape"       // a feature is missing, or a JSON member has another type
	FailError    = "error block" // the answer tells of an error that no recorded one told of
	FailGRPC     = "grpc status" // a gRPC status that was not recorded
	FailFact     = "fact"        // a value is not the one that it must be
	FailEcho     = "not shown"   // what the user wrote before is not there
)

// A Judge is a Check prepared for many answers. It is immutable and may be used
// concurrently.
type Judge struct {
	class    [6]bool // accepted status classes
	exact    []int   // accepted statuses
	statuses string  // for people
	logins   *Logins
	redirect []target
	content  []string
	require  []string
	known    map[string]bool     // features, required ones too
	types    map[string][]string // JSON path → types
	needed   map[string]bool     // JSON paths that are required
	grpc     []string            // names of gRPC statuses
	facts    []fact
	links    int
	batch    bool // parts of the answer may tell of failures
}

// A fact is a Fact made ready.
type fact struct {
	Fact
	selector content.Selector
}

// Compile prepares c. The Judge keeps copies only: c may change afterwards. A selector
// of Facts that cannot be read selects nothing.
func (c *Check) Compile() *Judge {
	j := &Judge{content: slices.Clone(c.Content), require: slices.Clone(c.Require), links: c.Links}
	var accepted []string
	for _, s := range c.Status {
		switch {
		case s >= 100:
			j.exact = append(j.exact, s)
			accepted = append(accepted, strconv.Itoa(s))
		case s > 0 && s < len(j.class):
			j.class[s] = true
			accepted = append(accepted, strconv.Itoa(s)+"xx")
		}
	}
	j.statuses = strings.Join(accepted, " or ")
	for _, r := range c.Redirect {
		j.redirect = append(j.redirect, parseTarget(r))
	}
	for _, f := range c.Facts {
		selector, err := content.ParseSelector(f.Selector)
		if err != nil {
			selector = content.Selector{}
		}
		j.facts = append(j.facts, fact{f, selector})
	}
	if len(c.Require)+len(c.Known) > 0 {
		j.known, j.types, j.needed = map[string]bool{}, map[string][]string{}, map[string]bool{}
	}
	for i, f := range slices.Concat(c.Require, c.Known) {
		if j.known[f] {
			continue
		}
		j.known[f] = true
		if status, ok := strings.CutPrefix(f, "grpc:"); ok {
			j.grpc = append(j.grpc, status)
		}
		if path, kind, ok := cutJSON(f); ok && !strings.HasSuffix(f, "[]") {
			j.types[path] = append(j.types[path], kind)
			j.needed[path] = j.needed[path] || i < len(c.Require)
		}
	}
	return j
}

// Knowing returns a Judge that also knows the pages on which the service asks for a
// password.
func (j *Judge) Knowing(logins *Logins) *Judge {
	k := *j
	k.logins = logins
	return &k
}

// OfWrite returns a Judge for the answers to a write, whose parts may tell of failures: see
// content.Doc.Failures.
func (j *Judge) OfWrite() *Judge {
	k := *j
	k.batch = true
	return &k
}

// accepts reports whether j accepts a status.
func (j *Judge) accepts(status int) bool {
	class := status / 100
	return j.statuses == "" || class >= 0 && class < len(j.class) && j.class[class] || slices.Contains(j.exact, status)
}

// Judge says whether an answer looks as the recorded answers did. If it does, name
// is "". If not, name is one of the Fail constants, and detail tells more in one
// line. Of the body, detail holds only names of members, forms and classes. d is
// the content of resp. An empty check passes everything.
//
//   - The service does not ask who the user is, unless it did so in the recording: by
//     status 401, by a form with a password, by leading to a page with one.
//   - The status is one of Status, or of a class of Status.
//   - A redirection's Location matches one of Redirect: each {} stands for one
//     segment, or for a value of the query. Only the query keys of the template
//     are compared. The host is compared only if the template is a whole URL.
//   - The media type is one of Content.
//   - The status of a gRPC call is one of Require or Known, or OK if they name none.
//   - Every feature of Require is there. A JSON member within an array is
//     required only if the array holds something. It may have any of the types
//     that Require or Known list for it.
//   - Every error block is in Require or Known, those of parts of a write too. If these list types for a JSON
//     member of the answer, it has at least one of them. A member that is not required
//     may be null, and one that was always null may be anything.
//   - The values are those of Facts. A page has at least so many Links.
//
// An answer 304 has no content to judge.
func (j *Judge) Judge(resp *flow.Response, d *content.Doc) (name, detail string) {
	if detail := j.lost(resp, d); detail != "" {
		return FailLogin, detail
	}
	if !j.accepts(resp.Status) {
		return FailStatus, "status " + strconv.Itoa(resp.Status) + " instead of " + j.statuses
	}
	if resp.Status == 304 {
		return "", ""
	}
	class := resp.Status / 100
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
	return j.body(d)
}

// body judges what an answer holds.
func (j *Judge) body(d *content.Doc) (name, detail string) {
	status := d.GRPC()
	if detail := j.called(status); detail != "" {
		return FailGRPC, detail
	}
	for i := range j.facts {
		f := &j.facts[i]
		if got := f.selector.Values(d); !slices.Contains(got, f.Value) {
			return FailFact, problem.Shorten(f.Selector) + " is not " + problem.Shorten(f.Value)
		}
	}
	if j.batch && (j.known != nil || len(j.content) > 0 && !d.HasFeatures()) {
		if name, detail := j.errors(d.Failures()); name != "" {
			return name, detail
		}
	}
	if j.known == nil && j.links == 0 {
		return "", ""
	}
	if d.Cut() && status == "" { // a gRPC status can be judged without the whole body
		return FailBody, "the body is cut or cannot be decoded"
	}
	if j.links > 0 && len(d.Links()) < j.links {
		return FailShape, "has " + strconv.Itoa(len(d.Links())) + " links, fewer than " + strconv.Itoa(j.links)
	}
	if j.known == nil {
		return "", ""
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
	if name, detail = j.errors(got); name != "" {
		return name, detail
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
		if !j.typed(path, got) && (kind != "null" || j.needed[path]) {
			return FailShape, problem.Shorten(path) + " is " + kind + " instead of " + strings.Join(j.types[path], " or ")
		}
	}
	return "", ""
}

// errors judges the error blocks among the features of an answer.
func (j *Judge) errors(got []string) (name, detail string) {
	for _, f := range got {
		if class, ok := strings.CutPrefix(f, "error:"); ok && !j.known[f] {
			return FailError, "an error block of class " + problem.Shorten(class)
		}
	}
	return "", ""
}

// missing reports whether an answer without the feature f should have it.
func (j *Judge) missing(f string, got []string) bool {
	path, _, ok := cutJSON(f)
	if list, is := strings.CutSuffix(f, "[]"); is && list != "" && f[0] == '$' {
		i, _ := slices.BinarySearch(got, f)
		return i == len(got) || !strings.HasPrefix(got[i], f)
	}
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

// typed reports whether the answer has path with a recorded type. A member that was
// always null may have any.
func (j *Judge) typed(path string, got []string) bool {
	if len(j.types[path]) == 1 && j.types[path][0] == "null" {
		i, _ := slices.BinarySearch(got, path+":")
		return i < len(got) && strings.HasPrefix(got[i], path+":")
	}
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
