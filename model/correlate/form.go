package correlate

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/content/form"
	"github.com/starling-load/starling/model/endpoint"
	"github.com/starling-load/starling/record/flow"
)

// Limits on the search for the form that a request was sent from.
const (
	maxPages = 30   // pages with forms, the latest first
	maxForms = 200  // with the address of the request
	maxBack  = 2000 // exchanges before it
)

// A shownForm is a form in an answer, as its user saw it.
type shownForm struct {
	page    *parsed
	index   int // among the forms of the page
	form    *form.Form
	changes []form.Entry
	cost    int
	kept    []form.Entry    // what the request says by itself
	hidden  map[string]bool // changed fields that nobody can type into
	rows    map[string]bool // by selector of keys: whether they are of rows, see key
}

// fromForm finds the form that e was sent from. It notes the places of its fields and
// makes r hold the changes alone.
func (e *parsed) fromForm(r *flow.Request) bool {
	sent, ok := content.Entries(r)
	if !ok || len(sent) == 0 {
		return false
	}
	s := e.findForm(sent)
	if s == nil {
		return false
	}
	kept := s.keeps(sent)
	if !s.gives(sent, kept, r.Method == "GET") {
		return false
	}
	s.kept = kept
	e.sentFrom = s
	content.SetEntries(r, kept)
	return true
}

// settle notes the places of the form that e was sent from, and of its fields.
func (s *shownForm) settle(e *parsed, data *data) {
	action := content.FormAction(s.form)
	if leadsTo(s.page, s.form.Action, e) { // else a button leads elsewhere
		action = data.template(e, action)
	}
	selector, match := s.selector(action)
	e.changes = &spot{s.page, selector, match}
	s.noteFields(e, action)
}

// template returns the template of the path that a form is sent to: that of the
// request, with {} also for what the user's row in a data file holds.
func (d *data) template(e *parsed, action string) string {
	if !strings.HasPrefix(action, "/") {
		return action
	}
	segments := strings.Split(action, "/")
	if path := strings.Split(e.Path, "/"); len(path) == len(segments) {
		segments = path
	}
	for i := range d.files {
		f := &d.files[i]
		row, ok := e.session.row[f.Name]
		if !ok {
			continue
		}
		for k, segment := range segments {
			for _, v := range f.Rows[row] {
				if at := endpoint.Delimited(segment, v); len(v) >= 3 && at >= 0 && d.own(i, v) && !strings.Contains(segment, "{}") {
					segments[k] = segment[:at] + "{}" + segment[at+len(v):]
					break
				}
			}
		}
	}
	return strings.Join(segments, "/")
}

// findForm returns the form of an earlier answer that e was sent from: among those
// with its address the one that needs the fewest changes, the one of the page that e
// says it came from before others, the latest of equals.
func (e *parsed) findForm(sent []form.Entry) *shownForm {
	var best *shownForm
	pages, forms := 0, 0
	names := distinct(sent)
	to := e.Flow.Request.Authority + e.path()
	referer := e.Flow.Request.Headers.Value("Referer")
	for i := e.index - 1; i >= max(0, e.index-maxBack) && pages < maxPages && forms < maxForms; i-- {
		page := e.session.exchanges[i]
		if len(page.doc.Forms()) == 0 || !page.before(e) {
			continue
		}
		pages++
		for k := range page.doc.Forms() {
			f := &page.doc.Forms()[k]
			if f.Method != e.Flow.Request.Method || !slices.Contains(page.formTargets(k), to) {
				continue
			}
			forms++
			s := &shownForm{page: page, index: k, form: f}
			if !s.explains(sent, names, e.Flow.Request.Method == "GET") {
				continue
			}
			if referer != "" && strings.HasSuffix(referer, page.Flow.Request.Target) {
				s.cost -= 5
			}
			if best == nil || s.cost < best.cost {
				best = s
			}
		}
	}
	return best
}

// gives reports whether the form with these changes sends what was sent. In a query the
// order counts too: a link may have the items of a form in another one.
func (s *shownForm) gives(sent, kept []form.Entry, query bool) bool {
	again, err := form.Apply(s.form.Entries(), kept)
	if err != nil {
		return false
	}
	if !query {
		order := func(a, b form.Entry) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value)) }
		sent = slices.SortedFunc(slices.Values(sent), order)
		slices.SortFunc(again, order)
	}
	return slices.EqualFunc(again, sent, func(a, b form.Entry) bool {
		return a.Name == b.Name && form.LineEnds(a.Value) == form.LineEnds(b.Value)
	})
}

// distinct returns the names of entries, each once.
func distinct(entries []form.Entry) []string {
	var out []string
	seen := make(map[string]bool, len(entries))
	for _, x := range entries {
		if !seen[x.Name] {
			seen[x.Name] = true
			out = append(out, x.Name)
		}
	}
	return out
}

// formTargets returns the hosts and paths that form k of a page is sent to: that of its
// action, and those of its buttons.
func (e *parsed) formTargets(k int) []string {
	if e.targets == nil {
		e.targets = make([][]string, len(e.doc.Forms()))
	}
	if e.targets[k] == nil {
		f := &e.doc.Forms()[k]
		links := []string{f.Action}
		for i := range f.Controls {
			if a := f.Controls[i].Action; a != "" {
				links = append(links, a)
			}
		}
		e.targets[k] = []string{}
		for _, link := range links {
			if to, ok := resolve(e, link); ok {
				e.targets[k] = append(e.targets[k], to.Host+to.Path)
			}
		}
	}
	return e.targets[k]
}

// leadsTo reports whether a link of page leads to the host and path of e.
func leadsTo(page *parsed, link string, e *parsed) bool {
	to, ok := resolve(page, link)
	return ok && to.Path == e.path() && (to.Host == "" || to.Host == e.Flow.Request.Authority)
}

// path returns the path of the request without percent-encoding.
func (e *parsed) path() string {
	p := e.Flow.Request.Path()
	if u, err := url.PathUnescape(p); err == nil {
		return u
	}
	return p
}

// resolve returns where a link of page leads to.
func resolve(page *parsed, link string) (*url.URL, bool) {
	base, err := url.Parse(page.Flow.Request.Target)
	if err != nil {
		return nil, false
	}
	base.Scheme, base.Host = page.Flow.Scheme, page.Flow.Request.Authority
	to, err := base.Parse(strings.TrimSpace(link))
	if err != nil || to.Path == "" && to.Opaque != "" {
		return nil, false
	}
	if to.Path == "" {
		to.Path = "/"
	}
	return to, true
}

// explains compares the form with what was sent. It reports whether that is what the
// form sends: it has most of the fields, in a query all, and none besides.
func (s *shownForm) explains(sent []form.Entry, names []string, query bool) bool {
	kinds := make(map[string]string, len(s.form.Controls))
	for i := range s.form.Controls {
		kinds[s.form.Controls[i].Name] = s.form.Controls[i].Kind
	}
	known := 0
	for _, name := range names {
		if kinds[name] != "" {
			known++
		}
	}
	if known == 0 || 2*known < len(names) || query && known < len(names) {
		return false
	}
	s.cost = 3 * (len(names) - known)
	s.changes = s.form.Changes(sent)
	changed := map[string]bool{}
	s.hidden = map[string]bool{}
	for _, c := range s.changes {
		name := form.Field(c.Name)
		changed[name] = true
		if s.cost++; kinds[name] == "hidden" {
			s.cost += 10
			s.hidden[name] = true
		}
		if query && c.Name == form.Without+name && kinds[name] != "checkbox" {
			return false // a link to the same address
		}
	}
	return !query || len(s.hidden) == 0 || len(changed) < len(names) // else a link, too: nothing is as shown
}

// selector returns the selector of the form, and its number among the forms that the
// selector finds in its page.
func (s *shownForm) selector(action string) (selector string, match int) {
	selector = content.EntriesSelector(s.form, action, s.telling())
	parsed, err := content.ParseSelector(selector)
	if err != nil {
		selector = content.EntriesSelector(s.form, action, nil)
		parsed, _ = content.ParseSelector(selector)
	}
	for i, m := range parsed.Matches(s.page.doc) {
		if m.At == s.index {
			return selector, i
		}
	}
	return selector, 0
}

// telling returns up to three fields that the form has and another form of the page
// with its method and action has not.
func (s *shownForm) telling() []string {
	var out []string
	action := content.FormAction(s.form)
	forms := s.page.doc.Forms()
	for i := range forms {
		if i == s.index || forms[i].Method != s.form.Method || content.FormAction(&forms[i]) != action {
			continue
		}
		for k := range s.form.Controls {
			name := s.form.Controls[k].Name
			if slices.Contains(out, name) || strings.ContainsAny(name, "[],|") || len(out) == 3 {
				continue
			}
			if !slices.ContainsFunc(forms[i].Controls, func(c form.Control) bool { return c.Name == name }) {
				out = append(out, name)
				break
			}
		}
	}
	slices.Sort(out)
	return out
}

// keeps returns what the request says by itself: hidden fields, which often are tokens
// that people look for, and what the user changed. All else is as the form shows it.
func (s *shownForm) keeps(sent []form.Entry) []form.Entry {
	changed := map[string][]form.Entry{}
	for _, c := range s.changes {
		name := form.Field(c.Name)
		changed[name] = append(changed[name], c)
	}
	own := map[string]int{} // a file, even none, has a name and a media type beside its content
	for i := range s.form.Controls {
		if c := &s.form.Controls[i]; c.Kind == "hidden" && c.Value != "" || c.Kind == "file" {
			own[c.Name]++
		} else {
			own[c.Name] += 2
		}
	}
	var out []form.Entry
	for _, x := range sent {
		list, isChanged := changed[x.Name]
		switch {
		case isChanged:
			out = append(out, list...)
			changed[x.Name] = nil
		case own[x.Name] == 1 && !s.ofRow(x.Name):
			out = append(out, x)
		}
	}
	for _, c := range s.changes { // what was not sent at all
		if name := form.Field(c.Name); len(changed[name]) > 0 {
			out = append(out, changed[name]...)
			changed[name] = nil
		}
	}
	return out
}

// ofRow reports whether a field is one of a row of the form.
func (s *shownForm) ofRow(field string) bool {
	_, ok := s.key(field, content.FormAction(s.form))
	return ok
}

// noteFields notes where the values of the request stand in the form: the fields that
// were sent as shown, and what the user chose of a list that the target makes.
func (s *shownForm) noteFields(e *parsed, action string) {
	prefix := "body:"
	if s.form.Method == "GET" {
		prefix = "query:"
	}
	counts := map[string]int{}
	for _, x := range s.kept {
		place := prefix + x.Name
		if n := counts[x.Name]; n > 0 {
			place += "#" + string(rune('0'+min(n, 9)))
		}
		counts[x.Name]++
		kinds, field := []string{"form"}, form.Field(x.Name)
		if key, ok := s.key(field, action); ok {
			e.note(strings.Replace(place, x.Name, x.Name+"~", 1), key)
			continue
		}
		if field != x.Name || content.Kind(x.Value) != "" && content.Kind(x.Value) != "int" {
			kinds = append(kinds, "option")
		}
		for _, kind := range kinds {
			selector := content.FieldSelector(kind, field, action)
			if match, ok := s.match(selector, x.Value); ok {
				e.note(place, spot{s.page, selector, match}.byLabel())
				break
			}
		}
		if added, ok := s.added(e, field, x.Value); ok {
			e.note(place, added)
		}
	}
}

// key returns where the form has the identifier in the name of a field of a row: others have
// the same name with another one, as qty[17] and qty[23]. Numbers that count the rows are none.
func (s *shownForm) key(field, action string) (spot, bool) {
	template, id, ok := content.FieldKey(field)
	if !ok {
		return spot{}, false
	}
	selector := content.FieldSelector("named", template, action)
	if s.rows == nil {
		s.rows = map[string]bool{}
	}
	rows, known := s.rows[selector]
	if !known {
		rows = identified(s.page.values(selector))
		s.rows[selector] = rows
	}
	match, ok := s.match(selector, id)
	return spot{s.page, selector, match}, ok && rows
}

// identified reports whether values identify rows, as opposed to numbers that count them.
func identified(values []string) bool {
	different := distinctOf(values)
	for first := range 2 {
		counted := true
		for i := range different {
			counted = counted && different[i] == strconv.Itoa(first+i)
		}
		if counted {
			return false
		}
	}
	return len(different) > 1
}

// distinctOf returns values, each once.
func distinctOf(values []string) []string {
	var out []string
	seen := make(map[string]bool, len(values))
	for _, v := range values {
		if !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}

// added returns where an answer that came after the page gave the value of a field of this
// name, such as a box that a script added to the form.
func (s *shownForm) added(e *parsed, field, value string) (spot, bool) {
	if content.Kind(value) == "" {
		return spot{}, false
	}
	for _, at := range e.session.given()[value] {
		last := at.selector[strings.LastIndexByte(at.selector, '|')+1:]
		if at.exchange.index > s.page.index && at.exchange.before(e) && (last == "form:"+field || last == "option:"+field) {
			return spot{at.exchange, at.selector, slices.Index(at.exchange.values(at.selector), value)}, true
		}
	}
	return spot{}, false
}

// match returns the number of the match that holds value in the form.
func (s *shownForm) match(selector, value string) (match int, ok bool) {
	parsed, err := content.ParseSelector(selector)
	if err != nil {
		return 0, false
	}
	for i, m := range parsed.Matches(s.page.doc) {
		if m.At == s.index && m.Value == value {
			return i, true
		}
	}
	return 0, false
}

// note notes that the value at a place of the request comes from s.
func (e *parsed) note(place string, s spot) {
	if e.spots == nil {
		e.spots = map[string]spot{}
	}
	if _, had := e.spots[place]; !had {
		e.spots[place] = s
	}
}
