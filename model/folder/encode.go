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

	"github.com/starling-load/starling/model"

	"go.yaml.in/yaml/v3"
)

// Names within a model folder.
const (
	yamlFile   = "model.yaml"
	dataFolder = "data/"
	startsFile = "learned/starts.csv"
	thinkFile  = "learned/think.csv"
	rowsFolder = "learned/rows/"
	bodyFolder = "learned/bodies/"
)

// Bodies up to these limits stand in model.yaml.
const maxInlineLines, maxInlineBytes = 8, 2000

// A file is one file of a model folder.
type file struct {
	name string // relative to the folder, with slashes
	data []byte
}

// filesOf returns the files of m's folder form, model.yaml first and then by name.
// The same model gives the same bytes. m is rounded, see [model.Model.Rounded], and not
// changed. It need not be valid, but what is written of an invalid model cannot
// be read again.
func filesOf(m *model.Model) []file {
	m = m.Rounded()
	e := encoder{taken: map[string]bool{}, thinks: map[string]string{}}
	root := e.model(m)
	if e.think != nil {
		e.table(dataFolder+thinkFile, []string{"name", "seconds"}, e.think)
	}
	slices.SortFunc(e.files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	return append([]file{{yamlFile, printYAML(root)}}, e.files...)
}

// An encoder makes nodes of a model and collects the files beside model.yaml.
type encoder struct {
	files  []file
	taken  map[string]bool   // names of files and think times
	think  [][]string        // rows of the table of think times
	thinks map[string]string // quantiles as written → name of the think time
}

func (e *encoder) table(name string, header []string, rows [][]string) {
	var buf bytes.Buffer
	appendTable(&buf, header, rows)
	e.files = append(e.files, file{name, buf.Bytes()})
}

// unique returns prefix + slug(name) + suffix, with a number where that is taken.
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

// slug makes a file name of a name.
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
	mix := mapping()
	for i := range m.Behaviors {
		put(mix, m.Behaviors[i].Name, share(m.Behaviors[i].Weight))
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
		put(data, s.Name, oneLine(texts(s.Columns)))
		e.table(dataFolder+s.Name+".csv", s.Columns, s.Rows)
	}
	putSome(root, "data", data)
	putSome(root, "recorded", e.recorded(&m.Recorded))
	putSome(root, "notes", texts(m.Notes))
	return root
}

func (e *encoder) recorded(r *model.Recorded) *yaml.Node {
	n := mapping()
	putText(n, "origin", r.Origin)
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
	return n
}

func (e *encoder) behavior(b *model.Behavior) *yaml.Node {
	n := mapping()
	putNumber(n, "sessions", b.Sessions)
	put(n, "start", e.edges(b.Name, b.Start))
	steps := mapping()
	for _, s := range b.Steps {
		put(steps, s.At, e.edges(b.Name, s.Next))
	}
	put(n, "steps", steps)
	return n
}

func (e *encoder) edges(behavior string, edges []model.Edge) *yaml.Node {
	n := mapping()
	for i := range edges {
		edge := &edges[i]
		think := e.thinking(behavior, &edge.Think)
		if think == nil {
			put(n, edge.To, share(edge.Odds))
			continue
		}
		way := oneLine(mapping())
		put(way, "odds", share(edge.Odds))
		put(way, "think", think)
		put(n, edge.To, way)
	}
	return n
}

// thinking returns nil for no pause. Equal quantiles are kept once.
func (e *encoder) thinking(behavior string, t *model.Think) *yaml.Node {
	if len(t.Quantiles) == 0 {
		if t.Fixed == 0 {
			return nil
		}
		return plain(model.FormatDuration(t.Fixed))
	}
	var list []string
	for _, d := range t.Quantiles {
		list = append(list, seconds(d))
	}
	written := strings.Join(list, " ")
	name, had := e.thinks[written]
	if !had {
		name = e.unique("", behavior, "")
		e.thinks[written] = name
		e.think = append(e.think, []string{name, written})
	}
	n := oneLine(mapping())
	put(n, "median", plain(model.FormatDuration(t.Median())))
	put(n, "quantiles", text(name))
	return n
}

func (e *encoder) endpoint(p *model.Endpoint) *yaml.Node {
	n := mapping()
	putNumber(n, "recorded", p.Recorded)
	put(n, "request", e.request(p))
	values := mapping()
	for _, v := range p.Values {
		kind := text(string(v.Kind))
		if v.Ref != "" {
			one := oneLine(mapping())
			put(one, string(v.Kind), text(v.Ref))
			kind = one
		}
		put(values, v.Name, kind)
	}
	putSome(n, "values", values)
	if len(p.Rows) > 0 {
		var header []string
		for _, v := range p.Values {
			if v.Kind == model.Row {
				header = append(header, v.Name)
			}
		}
		name := e.unique(rowsFolder, p.Name, ".csv")
		e.table(dataFolder+name, header, p.Rows)
		put(n, "rows", text(name))
	}
	needs := sequence()
	for _, need := range p.Needs {
		needs.Content = append(needs.Content, encodeNeed(&need))
	}
	putSome(n, "needs", needs)
	putSome(n, "check", check(&p.Check))
	return n
}

func (e *encoder) request(p *model.Endpoint) *yaml.Node {
	r := &p.Request
	n := mapping()
	put(n, "method", text(r.Method))
	put(n, "target", text(r.Target))
	headers := sequence()
	for _, h := range r.Headers {
		one := mapping()
		put(one, h.Name, text(h.Value))
		headers.Content = append(headers.Content, one)
	}
	putSome(n, "headers", headers)
	switch {
	case r.Body == "":
	case inline(r.Body):
		put(n, "body", text(r.Body))
	default:
		name := e.unique(bodyFolder, p.Name, ".txt")
		e.files = append(e.files, file{dataFolder + name, []byte(r.Body)})
		put(n, "body_file", text(name))
	}
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
		status.Content = append(status.Content, text(strconv.Itoa(s)+"xx"))
	}
	putSome(n, "status", status)
	putSome(n, "redirect", texts(c.Redirect))
	putSome(n, "content", oneLine(texts(c.Content)))
	putSome(n, "require", texts(c.Require))
	putSome(n, "known", texts(c.Known))
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
	if b.Evidence != (model.Evidence{}) {
		e := oneLine(mapping())
		put(e, "uses", number(b.Uses))
		put(e, "match", share(b.Match))
		put(e, "shuffled", share(b.Shuffled))
		put(n, "evidence", e)
	}
	return n
}
