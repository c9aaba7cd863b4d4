package outcome

import (
	"hash/fnv"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/content/form"
	"github.com/starling-load/starling/record/flow"
)

// A look is what an answer is like.
type look struct {
	status   int
	redirect string // template of where it leads
	media    string
	bare     bool // it holds something and names no media type
	features []string
	links    int
	unjudged bool // its content is not known
}

// A seen is a recorded answer: what judging needs to know of it.
type seen struct {
	*look         // answers that are alike share it
	session, step int32
	variant       string
	source        uint64 // of user and address: equal answers of one source are one piece of evidence
	after         string // the endpoint of the write before it in its session

	key     string      // of its kind
	extra   []string    // features that this step requires besides those of its kind
	forms   []string    // forms of the page that the user sent
	fact    *model.Fact // the value that ends a poll
	putOff  bool        // the user sent the request again because the service asked for that
	flaky   bool        // the request was refused, and the very same one was accepted
	excused bool        // the answer is an exception, and the step expects another
	group   *group
}

// has reports whether the answer has a feature, or something in an array.
func (s *look) has(feature string) bool {
	i, had := slices.BinarySearch(s.features, feature)
	if had || !strings.HasSuffix(feature, "[]") {
		return had
	}
	return i < len(s.features) && strings.HasPrefix(s.features[i], feature)
}

// An observer turns exchanges into what is seen of them.
type observer struct {
	endpoints  []string // in the order of their first use
	byEndpoint map[string][]*seen
	of         [][]*seen           // per session and step
	runs       [][]*run            // per session
	renewals   [][][2]*seen        // per session: see renewalsOf
	typed      map[string]bool     // texts that users typed
	private    map[string]bool     // texts that tell users apart
	titles     map[string]bool     // whether a title holds text of users
	shapes     map[string][]string // features, each list once
	looks      map[lookKey]*look
	open       map[uint64]bool  // requests without credentials that were accepted
	closed     map[*seen]uint64 // those that were refused
	cut        int
}

// A lookKey tells looks apart. shape is the first of the features, which are in memory once.
type lookKey struct {
	status, links   int
	redirect, media string
	bare, unjudged  bool
	shape           *string
	features        int
}

func newObserver(private []string) *observer {
	o := &observer{
		byEndpoint: map[string][]*seen{}, typed: map[string]bool{}, private: map[string]bool{},
		titles: map[string]bool{}, shapes: map[string][]string{}, looks: map[lookKey]*look{},
		open: map[uint64]bool{}, closed: map[*seen]uint64{},
	}
	for _, text := range private {
		o.private[text] = true
	}
	return o
}

// observe looks at the answers of the next session.
func (o *observer) observe(session *Session) {
	after := ""
	of := make([]*seen, 0, len(session.Steps))
	var pages pages
	for k := range session.Steps {
		step := &session.Steps[k]
		d := content.New(step.Flow.Response)
		s := &seen{look: o.look(step, d), session: int32(len(o.of)), step: int32(k), after: after}
		s.source = sourceOf(session.User, step.Flow)
		if !readOnly(step.Flow.Request.Method) && step.Flow.Response.Status < 400 {
			after = step.Endpoint
		}
		pages.sent(&step.Flow.Request)
		pages.show(s, step.Flow, d)
		if o.byEndpoint[step.Endpoint] == nil {
			o.endpoints = append(o.endpoints, step.Endpoint)
		}
		o.byEndpoint[step.Endpoint] = append(o.byEndpoint[step.Endpoint], s)
		of = append(of, s)
	}
	o.of = append(o.of, of)
	o.runs = append(o.runs, runsOf(session, of))
	o.findContradictions(session, of)
	o.renewals = append(o.renewals, renewalsOf(session, of))
}

func readOnly(method string) bool { return method == "GET" || method == "HEAD" || method == "OPTIONS" }

// sourceOf stands for a pair of user and address: 64 bits of their FNV-1a hash.
func sourceOf(user string, f *flow.Flow) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, user+"\x00"+f.Request.Target)
	return h.Sum64()
}

// look notes what an answer with the content d is like.
func (o *observer) look(step *Step, d *content.Doc) *look {
	r := step.Flow.Response
	s := &look{status: r.Status, media: strings.Clone(d.Media())}
	if r.Status/100 == 3 && r.Status != 304 {
		s.redirect = step.LeadsTo
	}
	s.bare = s.media == "" && (r.Status/100 != 3 || r.Body.Size > 0)
	switch {
	case r.Status == 304, step.Stream:
		s.unjudged = true
	case d.Cut():
		s.unjudged = true
		o.cut++
	default:
		s.features = o.features(d, step)
		if strings.Contains(s.media, "html") {
			s.links = len(d.Links())
		}
	}
	return o.shared(s)
}

// shared returns a look like s that all answers share.
func (o *observer) shared(s *look) *look {
	key := lookKey{status: s.status, links: s.links, redirect: s.redirect, media: s.media, bare: s.bare, unjudged: s.unjudged, features: len(s.features)}
	if len(s.features) > 0 {
		key.shape = &s.features[0]
	}
	if o.looks[key] == nil {
		o.looks[key] = s
	}
	return o.looks[key]
}

// features returns the features of an answer, without a title that holds what users
// typed or what tells them apart, and without forms whose action holds that.
// Those of a write tell also of parts that failed.
func (o *observer) features(d *content.Doc, step *Step) []string {
	title := d.Title()
	ofUsers := title != "" && o.ofUsers(title)
	features := slices.DeleteFunc(slices.Clone(d.Shape().Features), func(f string) bool {
		return ofUsers && strings.HasPrefix(f, "title:") || strings.HasPrefix(f, "form:") && holds(f, o.private)
	})
	if content.Writes(&step.Flow.Request) {
		if failures := d.Failures(); len(failures) > 0 {
			features = slices.Concat(features, failures)
			slices.Sort(features)
			features = slices.Compact(features)
		}
	}
	id := strings.Join(features, "\x00")
	if o.shapes[id] == nil {
		for i := range features {
			features[i] = strings.Clone(features[i])
		}
		o.shapes[id] = features
	}
	return o.shapes[id]
}

// ofUsers reports whether a title holds text of users.
func (o *observer) ofUsers(title string) bool {
	of, known := o.titles[title]
	if !known {
		of = holds(title, o.private) || o.wasTyped(title)
		if len(o.titles) < maxTitles {
			o.titles[strings.Clone(title)] = of
		}
	}
	return of
}

// maxTitles is the number of titles that are remembered.
const maxTitles = 50_000

// mostWords is the number of words of a text that is looked for in a title.
const mostWords = 8

// holds reports whether one of the texts stands in s with no letter or digit next to it.
func holds(s string, texts map[string]bool) bool {
	if len(texts) == 0 {
		return false
	}
	var starts, ends []int // of words
	within := false
	for i, c := range s {
		letter := unicode.IsLetter(c) || unicode.IsDigit(c)
		if letter && !within {
			starts = append(starts, i)
		} else if !letter && within {
			ends = append(ends, i)
		}
		within = letter
	}
	if within {
		ends = append(ends, len(s))
	}
	for i, start := range starts {
		for _, end := range ends[i:min(len(ends), i+mostWords)] {
			if texts[s[start:end]] {
				return true
			}
		}
	}
	return false
}

// wasTyped reports whether a title, or a part of it, is what a user typed.
func (o *observer) wasTyped(title string) bool {
	if o.typed[plain(title)] {
		return true
	}
	for _, part := range strings.FieldsFunc(title, func(c rune) bool { return strings.ContainsRune("|·•–—:[]()«»<>/", c) }) {
		for piece := range strings.SplitSeq(part, " - ") {
			if o.typed[plain(piece)] {
				return true
			}
		}
	}
	return false
}

// Limits on the texts that users typed.
const (
	minTyped, maxTyped = 4, 300 // bytes of one
	mostTyped          = 200_000
)

// lookAt notes the texts that users sent in the body of a request, whole and line by line.
func (o *observer) lookAt(r *flow.Request) {
	if len(r.Body.Data) == 0 || len(o.typed) >= mostTyped {
		return
	}
	for _, leaf := range content.BodyLeaves(r) {
		if !strings.HasPrefix(leaf.Selector, "body:") {
			continue
		}
		for line := range strings.Lines(leaf.Value) {
			if text := plain(line); len(text) >= minTyped && len(text) <= maxTyped && len(o.typed) < mostTyped && !o.typed[text] {
				o.typed[strings.Clone(text)] = true
			}
		}
	}
}

// plain removes white space and marks of a markup language from both ends.
func plain(s string) string { return strings.Trim(s, " \t\r\n=#*_~'\"`.,;!?") }

// sharedErrors is the share of answers from which on an error block is a part of the
// page that says nothing.
const sharedErrors = 0.5

// maxKeys is the number of kinds of answers of one endpoint. Where there are more, the
// status alone tells kinds apart.
const maxKeys = 48

// furnish finds the kind of each answer of an endpoint.
func furnish(of []*seen) {
	had := map[string]int{}
	for _, s := range of {
		for _, f := range s.features {
			if strings.HasPrefix(f, "error:") {
				had[f]++
			}
		}
	}
	keys, known := map[string]bool{}, map[*look]string{}
	for _, s := range of {
		key, found := known[s.look]
		if !found {
			key = kind(s.look, had, len(of))
			known[s.look], keys[key] = key, true
		}
		s.key = key
	}
	if len(keys) > maxKeys {
		for _, s := range of {
			s.key = statusKey(s.status)
		}
	}
}

// statusKey is the class of a good status, or the status itself.
func statusKey(status int) string {
	if status >= 400 || status == 304 {
		return strconv.Itoa(status)
	}
	return strconv.Itoa(status/100) + "xx"
}

// kind is what tells the kind of an answer. had counts errors of n answers.
func kind(s *look, had map[string]int, n int) string {
	parts := []string{statusKey(s.status), s.redirect}
	if s.status/100 != 3 {
		parts = append(parts, s.media)
	}
	for _, f := range s.features {
		switch {
		case strings.HasPrefix(f, "error:") && float64(had[f]) < sharedErrors*float64(n),
			f == content.LoginFeature, strings.HasPrefix(f, "grpc:"):
			parts = append(parts, f)
		}
	}
	return strings.Join(parts, "\x00")
}

// pages are the pages that a user has seen last, with their forms.
type pages []shown

// maxPages is the number of pages that a user may go back to to send a form.
const maxPages = 16

type shown struct {
	of    *seen
	at    *url.URL
	forms []form.Form
}

// show adds a page.
func (p *pages) show(s *seen, f *flow.Flow, d *content.Doc) {
	if s.unjudged || !strings.Contains(s.media, "html") {
		return
	}
	forms := d.Forms()
	at, err := url.Parse(f.URL())
	if err != nil || len(forms) == 0 || len(forms) > 200 {
		return
	}
	if len(*p) == maxPages {
		*p = (*p)[1:]
	}
	*p = append(*p, shown{s, at, forms})
}

// sent notes the form that a request sends, on the page that showed it last.
func (p *pages) sent(r *flow.Request) {
	if readOnly(r.Method) {
		return
	}
	names := map[string]bool{}
	for _, leaf := range content.BodyLeaves(r) {
		if name, ok := strings.CutPrefix(leaf.Selector, "body:"); ok {
			name, _, _ = strings.Cut(name, "#")
			names[name] = true
		}
	}
	if len(names) == 0 {
		return
	}
	for i := len(*p) - 1; i >= 0; i-- {
		page := &(*p)[i]
		for k := range page.forms {
			if f := &page.forms[k]; sends(f, page.at, r, names) {
				feature := content.FormFeature(f)
				if slices.Contains(page.of.features, feature) && !slices.Contains(page.of.forms, feature) {
					page.of.forms = append(page.of.forms, feature)
					slices.Sort(page.of.forms)
				}
				return
			}
		}
	}
}

// sends reports whether a form of the page at an address sends r, which has fields with
// these names.
func sends(f *form.Form, at *url.URL, r *flow.Request, names map[string]bool) bool {
	if f.Method != r.Method {
		return false
	}
	to, err := at.Parse(f.Action)
	if err != nil || to.EscapedPath() != r.Path() {
		return false
	}
	own := map[string]bool{}
	for i := range f.Controls {
		own[f.Controls[i].Name] = true
	}
	for name := range names {
		if !own[name] {
			return false
		}
	}
	return true
}
