package folder

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/starling-load/starling/model"
)

// Names of files and folders within a model folder.
const (
	yamlFile     = "model.yaml"
	dataFolder   = "data/"
	startsFile   = "learned/starts.csv"
	sessionsFile = "learned/sessions.csv"
	actsFile     = "learned/acts.csv"
	elementsFile = "learned/elements.csv"
	thinkFile    = "learned/think.csv"
	rowsFolder   = "learned/rows/"
	bodyFolder   = "learned/bodies/"
)

// Bodies up to these limits stand in model.yaml.
const maxInlineLines, maxInlineBytes = 8, 2000

// A file is one file of a model folder.
type file struct {
	name string // relative to the folder, with slashes
	data []byte
}

// filesOf returns the files of m's folder form, model.yaml first and then by name.
// The same model gives the same bytes. The files hold the rounded model, see
// [model.Model.Rounded]; m itself stays as it is. An invalid model can be written,
// but not read again.
func filesOf(m *model.Model) []file {
	m = m.Rounded()
	e := encoder{taken: map[string]bool{}, thinks: map[string]string{}}
	root := e.model(m)
	if e.rows != nil {
		e.table(dataFolder+thinkFile, []string{"name", "seconds"}, e.rows)
	}
	slices.SortFunc(e.files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	text := printYAML(root)
	for _, section := range []string{m.Edits, m.Overrides, m.Unfit} {
		if section != "" {
			text = append(append(text, '\n'), section...)
		}
	}
	return append([]file{{yamlFile, text}}, e.files...)
}

// An encoder turns a model into nodes and collects the files beside model.yaml.
type encoder struct {
	files  []file
	taken  map[string]bool   // names of files and think times
	rows   [][]string        // of the table of think times
	thinks map[string]string // quantiles as written → name of the think time
}

func (e *encoder) table(name string, header []string, rows [][]string) {
	var buf bytes.Buffer
	appendTable(&buf, header, rows)
	e.files = append(e.files, file{name, buf.Bytes()})
}

// unique returns prefix + slug(name) + suffix, with a number if that is taken.
func (e *encoder) unique(prefix, name, suffix string) string {
	base := prefix + slug(name)
	for n := 1; ; n++ {
		s := base + suffix
		if n > 1 {
			s = fmt.Sprintf("%s-%d%s", base, n, suffix)
		}
		if !e.taken[s] {
			e.taken[s] = true
			return s
		}
	}
}

// slug turns a name into a file name.
func slug(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9')
	})
	s := strings.Join(words, "-")
	if len(s) > 60 {
		s = strings.TrimRight(s[:60], "-")
	}
	if s == "" {
		s = "x"
	}
	return s
}

func (e *encoder) model(m *model.Model) *yaml.Node {
	root := mapping()
	put(root, "version", number(m.Version))
	origins := mapping()
	for _, o := range m.Origins {
		put(origins, o.Name, text(o.URL))
	}
	putSome(root, "origins", origins)
	putSome(root, "browsers", browsers(m.Browsers))
	mix := mapping()
	for i := range m.Behaviors {
		put(mix, m.Behaviors[i].Name, decimal(m.Behaviors[i].Weight))
	}
	put(root, "mix", mix)
	behaviors := mapping()
	for i := range m.Behaviors {
		put(behaviors, m.Behaviors[i].Name, e.behavior(&m.Behaviors[i]))
	}
	put(root, "behaviors", behaviors)
	endpoints := mapping()
	for i := range m.Endpoints {
		put(endpoints, m.Endpoints[i].Name, e.endpoint(&m.Endpoints[i]))
	}
	put(root, "endpoints", endpoints)
	bindings := mapping()
	for i := range m.Bindings {
		put(bindings, m.Bindings[i].Name, binding(&m.Bindings[i]))
	}
	putSome(root, "bindings", bindings)
	data := mapping()
	for _, s := range m.Data {
		list := oneLine(texts(s.Columns))
		if len(s.Kinds) > 0 {
			whole := mapping()
			put(whole, "columns", list)
			put(whole, "kinds", oneLine(texts(s.Kinds)))
			list = oneLine(whole)
		}
		put(data, s.Name, list)
		e.table(dataFolder+s.Name+".csv", s.Columns, s.Rows)
	}
	putSome(root, "data", data)
	putSome(root, "recorded", e.recorded(&m.Recorded))
	if len(m.Sessions) > 0 {
		e.sessions(m.Sessions)
		put(root, "sessions", text(sessionsFile))
		put(root, "acts", text(actsFile))
		if len(m.Elements) > 0 {
			e.elements(m.Elements)
			put(root, "elements", text(elementsFile))
		}
	}
	putSome(root, "unresolved", unresolved(m.Unresolved))
	putSome(root, "notes", texts(m.Notes))
	return root
}

func unresolved(list []model.Unresolved) *yaml.Node {
	n := sequence()
	for _, u := range list {
		one := mapping()
		put(one, "endpoint", text(u.Endpoint))
		put(one, "place", text(u.Place))
		putText(one, "example", u.Example)
		put(one, "reason", text(u.Reason))
		putText(one, "edit", u.Edit)
		putNumber(one, "requests", u.Requests)
		if u.Identifies {
			put(one, "identifies", plain("true"))
		}
		n.Content = append(n.Content, one)
	}
	return n
}

func (e *encoder) recorded(r *model.Recorded) *yaml.Node {
	n := mapping()
	putNumber(n, "flows", r.Flows)
	putNumber(n, "sessions", r.Sessions)
	putNumber(n, "users", r.Users)
	if !r.Start.IsZero() {
		put(n, "start", plain(r.Start.Format(time.RFC3339Nano)))
	}
	if r.Duration != 0 {
		put(n, "duration", plain(model.FormatDuration(r.Duration)))
	}
	if len(r.Starts) > 0 {
		rows := make([][]string, len(r.Starts))
		for i, d := range r.Starts {
			rows[i] = []string{seconds(d)}
		}
		e.table(dataFolder+startsFile, []string{"seconds"}, rows)
		put(n, "starts", text(startsFile))
	}
	if len(r.Servers) > 0 {
		put(n, "servers", texts(r.Servers))
	}
	putText(n, "from", r.From)
	putSome(n, "left_out", leftOut(r.LeftOut))
	return n
}

func leftOut(list []model.LeftOut) *yaml.Node {
	n := sequence()
	for _, l := range list {
		one := mapping()
		put(one, "what", text(l.What))
		putNumber(one, "flows", l.Flows)
		putNumber(one, "writes", l.Writes)
		if l.Whole {
			put(one, "whole", plain("true"))
		}
		n.Content = append(n.Content, one)
	}
	return n
}

func browsers(list []model.Browser) *yaml.Node {
	n := mapping()
	for _, b := range list {
		one := mapping()
		put(one, "weight", decimal(b.Weight))
		putSome(one, "headers", headers(b.Headers))
		put(n, b.Name, one)
	}
	return n
}

func headers(list []model.Header) *yaml.Node {
	n := sequence()
	for _, h := range list {
		one := mapping()
		put(one, h.Name, text(h.Value))
		n.Content = append(n.Content, one)
	}
	return n
}

func (e *encoder) endpoint(p *model.Endpoint) *yaml.Node {
	n := mapping()
	putText(n, "origin", p.Origin)
	if p.Asset {
		put(n, "asset", plain("true"))
	}
	if len(p.Variants) == 1 && p.Variants[0].Name == "" {
		e.variant(n, p.Name, &p.Variants[0])
	} else {
		variants := mapping()
		for i := range p.Variants {
			v := mapping()
			e.variant(v, p.Name+" "+p.Variants[i].Name, &p.Variants[i])
			put(variants, p.Variants[i].Name, v)
		}
		putSome(n, "variants", variants)
	}
	needs := sequence()
	for _, need := range p.Needs {
		needs.Content = append(needs.Content, encodeNeed(&need))
	}
	putSome(n, "needs", needs)
	putSome(n, "check", check(&p.Check))
	outcomes := mapping()
	for i := range p.Outcomes {
		one := check(&p.Outcomes[i].Check)
		putNumber(one, "recorded", p.Outcomes[i].Recorded)
		put(outcomes, p.Outcomes[i].Name, one)
	}
	putSome(n, "outcomes", outcomes)
	return n
}

// variant puts the keys of v into n. Files are named after name.
func (e *encoder) variant(n *yaml.Node, name string, v *model.Variant) {
	putNumber(n, "recorded", v.Recorded)
	put(n, "request", e.request(name, &v.Request))
	values := mapping()
	for _, v := range v.Values {
		kind := text(string(v.Kind))
		if v.Ref != "" || v.Own || v.Codec != "" {
			one := oneLine(mapping())
			put(one, string(v.Kind), text(v.Ref))
			if v.Own {
				put(one, "own", plain("true"))
			}
			putText(one, "codec", v.Codec)
			kind = one
		}
		put(values, v.Name, kind)
	}
	putSome(n, "values", values)
	if len(v.Rows) > 0 {
		file := e.unique(rowsFolder, name, ".csv")
		e.table(dataFolder+file, v.RowColumns(), v.Rows)
		put(n, "rows", text(file))
	}
}

func (e *encoder) request(name string, r *model.Request) *yaml.Node {
	n := mapping()
	put(n, "method", text(r.Method))
	put(n, "target", text(r.Target))
	putText(n, "protocol", string(r.Protocol))
	putSome(n, "headers", headers(r.Headers))
	switch {
	case r.Body == "":
	case inline(r.Body):
		put(n, "body", text(r.Body))
	default:
		name := e.unique(bodyFolder, name, ".txt")
		e.files = append(e.files, file{dataFolder + name, []byte(r.Body)})
		put(n, "body_file", text(name))
	}
	putText(n, "changes", r.Changes)
	putSome(n, "trailers", headers(r.Trailers))
	putNumber(n, "events", r.Events)
	return n
}

// inline reports whether a body is small and printable.
func inline(body string) bool {
	return len(body) <= maxInlineBytes && strings.Count(body, "\n") < maxInlineLines && utf8.ValidString(body) &&
		!strings.ContainsFunc(body, func(c rune) bool { return unicode.IsControl(c) && c != '\n' && c != '\r' && c != '\t' })
}

func encodeNeed(need *model.Need) *yaml.Node {
	n := mapping()
	if need.Endpoint == "" {
		putText(n, "never_after", need.Since)
	} else {
		putText(n, "after", need.Endpoint)
		putText(n, "since", need.Since)
	}
	putNumber(n, "sessions", need.Sessions)
	return n
}

func check(c *model.Check) *yaml.Node {
	n := mapping()
	status := oneLine(sequence())
	for _, s := range c.Status {
		if s >= 100 {
			status.Content = append(status.Content, number(s))
		} else {
			status.Content = append(status.Content, text(strconv.Itoa(s)+"xx"))
		}
	}
	putSome(n, "status", status)
	putSome(n, "redirect", texts(c.Redirect))
	putSome(n, "content", oneLine(texts(c.Content)))
	putSome(n, "require", texts(c.Require))
	putSome(n, "known", texts(c.Known))
	facts := mapping()
	for _, f := range c.Facts {
		put(facts, f.Selector, text(f.Value))
	}
	putSome(n, "facts", facts)
	putNumber(n, "links", c.Links)
	return n
}

func binding(b *model.Binding) *yaml.Node {
	n := mapping()
	from := sequence()
	for _, s := range b.Sources {
		one := mapping()
		put(one, s.Endpoint, text(s.Selector))
		from.Content = append(from.Content, one)
	}
	put(n, "from", from)
	putText(n, "pick", b.Pick)
	if b.Refused {
		put(n, "refused", plain("true"))
	}
	if b.Evidence != (model.Evidence{}) {
		e := oneLine(mapping())
		put(e, "uses", number(b.Uses))
		put(e, "match", decimal(b.Match))
		put(e, "shuffled", decimal(b.Shuffled))
		if b.Compared > 0 {
			put(e, "compared", number(b.Compared))
		}
		putText(e, "rests_on", string(b.RestsOn))
		put(n, "evidence", e)
	}
	return n
}
