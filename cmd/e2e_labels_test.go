//go:build e2e

package cmd_test

import (
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/folder"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
)

// A label says where a value of an application's requests comes from, as a person who
// knows the application and has read the recording does. All are regular expressions.
type label struct {
	request string // the beginning of the name of the endpoint, or of "METHOD TARGET" as recorded
	place   string // of the text of a request, see requestText; the group is the value
	from    string // the source: "ENDPOINT SELECTOR", "METHOD TARGET SELECTOR", or "FILE.COLUMN" of a data file
	may     bool   // the value is the same for everybody: it may be taken from there, and need not
}

// The limits of the shares of recorded values that are explained rightly.
const (
	leastPrecise = 0.98 // of those that a model explains
	leastRecall  = 0.97 // of those that have a label
)

// assertLabels compares where each recorded request has its values, as a model says, with
// the labels. A value without a label is the user's own, or the same for everybody, and
// must not be explained.
func assertLabels(t *testing.T, name, file string, labels []label) {
	t.Helper()
	m, err := folder.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	j := judging{model: m, flows: flowsByStart(t, file), labels: labels, wrong: map[string]int{}, missed: map[string]int{}, seen: make([]bool, len(labels))}
	for i := range m.Sessions {
		j.session(&m.Sessions[i])
	}
	for _, list := range []map[string]int{j.wrong, j.missed} {
		for _, text := range slices.Sorted(maps.Keys(list)) {
			t.Logf("%4d × %s", list[text], text)
		}
	}
	for i, l := range labels {
		if !j.seen[i] {
			t.Logf("nothing is like %s %s", l.request, l.place)
		}
	}
	precision, recall := float64(j.right)/float64(max(j.explained, 1)), float64(j.found)/float64(max(j.labelled, 1))
	t.Logf("bindings: precision %.4f of %d values explained, recall %.4f of %d values with labels, in %d requests", precision, j.explained, recall, j.labelled, j.requests)
	if precision < leastPrecise || recall < leastRecall || j.lost > 0 {
		t.Errorf("precision %.4f, recall %.4f, %d requests not found in the recording; want at least %.2f and %.2f, and 0", precision, recall, j.lost, leastPrecise, leastRecall)
	}
}

// flowsByStart reads the flows of a recording.
func flowsByStart(t *testing.T, file string) map[int64][]*flow.Flow {
	t.Helper()
	flows := map[int64][]*flow.Flow{}
	for f, err := range (flowfile.ReaderOptions{}).Flows(file) {
		if err != nil {
			t.Fatal(err)
		}
		flows[f.Start.UnixNano()] = append(flows[f.Start.UnixNano()], f)
	}
	return flows
}

// A judging goes through the recorded requests of a model.
type judging struct {
	model  *model.Model
	flows  map[int64][]*flow.Flow
	labels []label

	requests, lost   int // requests, and those that the recording does not have
	explained, right int // values
	labelled, found  int
	wrong, missed    map[string]int // for people
	seen             []bool         // labels
}

// session judges the acts of a session. The starts and ends of the acts say which flows
// they are.
func (j *judging) session(s *model.Session) {
	flows := make([]*flow.Flow, len(s.Acts))
	begin := j.model.Recorded.Start.Add(s.Start)
	for k := range s.Acts {
		a := &s.Acts[k]
		at := begin
		for _, w := range a.After {
			if f := flows[w]; f != nil && f.Start.Add(f.Answered()).After(at) {
				at = f.Start.Add(f.Answered())
			}
		}
		at = at.Add(a.Delay).Round(time.Nanosecond)
		v := j.variant(a)
		for _, f := range j.flows[at.UnixNano()] {
			if f.Request.Method == v.Request.Method && !slices.Contains(flows, f) {
				flows[k] = f
			}
		}
		j.requests++
		if flows[k] == nil {
			j.lost++
			continue
		}
		j.act(s, k, v, flows)
	}
}

// variant returns what an act sends.
func (j *judging) variant(a *model.Act) *model.Variant {
	i := slices.IndexFunc(j.model.Endpoints, func(e model.Endpoint) bool { return e.Name == a.Endpoint })
	e := &j.model.Endpoints[i]
	return &e.Variants[max(0, slices.IndexFunc(e.Variants, func(v model.Variant) bool { return v.Name == a.Variant }))]
}

// act judges the values of one request.
func (j *judging) act(s *model.Session, k int, v *model.Variant, flows []*flow.Flow) {
	a := &s.Acts[k]
	from := j.sources(s, a, v, flows)
	text, recorded := requestText(asSent(v, a)), recordedText(&flows[k].Request)
	done := map[string]string{} // by value that has a label: "" if it is right
	for i, l := range j.labels {
		request := regexp.MustCompile("^(?:" + l.request + ")")
		if !request.MatchString(a.Endpoint) && !request.MatchString(flows[k].Request.Method+" "+flows[k].Request.Target) {
			continue
		}
		if form := from[v.Request.Changes]; allMatch(l.from, form) {
			done[v.Request.Changes] = ""
		}
		place := regexp.MustCompile("(?m)" + l.place)
		now, then := place.FindAllStringSubmatch(text, -1), place.FindAllStringSubmatch(recorded, -1)
		n := len(now)
		if n == 0 {
			n = len(then) // a form of which the request says only what is changed
		}
		for x := range n {
			j.seen[i] = true
			var names []string
			if x < len(now) {
				for _, h := range holes.FindAllStringSubmatch(now[x][1], -1) {
					names = append(names, h[1])
				}
			} else if v.Request.Changes != "" {
				names = []string{v.Request.Changes}
			}
			ok := false
			for _, name := range names {
				if sources := from[name]; len(sources) > 0 {
					good := allMatch(l.from, sources)
					ok = ok || good
					if why, had := done[name]; !had || why != "" && good {
						if done[name] = ""; !good {
							done[name] = fmt.Sprint(sources)
						}
					}
				}
			}
			if l.may || len(now) > 0 && now[x][1] == "" || len(now) == 0 && then[x][1] == "" {
				continue
			}
			j.labelled++
			if ok {
				j.found++
			} else {
				j.missed[fmt.Sprintf("missed: %s: %s is not from %s", a.Endpoint, l.place, l.from)]++
			}
		}
	}
	for name, sources := range from {
		if len(sources) == 0 {
			continue
		}
		j.explained++
		if why, had := done[name]; had && why == "" {
			j.right++
		} else {
			j.wrong[fmt.Sprintf("wrong: %s: ${%s} from %v", a.Endpoint, name, sources)]++
		}
	}
}

// sources returns where an act has its bound values and those of data files from, by name.
func (j *judging) sources(s *model.Session, a *model.Act, v *model.Variant, flows []*flow.Flow) map[string][]string {
	takers, from := v.Takers(), map[string][]string{}
	for i := range v.Values {
		value := &v.Values[i]
		take := model.Take{Act: model.Latest}
		if at := slices.Index(takers, i); at >= 0 && len(a.Takes) > 0 {
			take = a.Takes[at]
		}
		switch {
		case take.Act == model.Own:
		case value.Kind == model.Data:
			from[value.Name] = []string{value.Ref}
		case value.Kind == model.Bound:
			b := j.model.Bindings[slices.IndexFunc(j.model.Bindings, func(b model.Binding) bool { return b.Name == value.Ref })]
			for n, source := range b.Sources {
				switch {
				case take.Act < 0:
					from[value.Name] = append(from[value.Name], source.Endpoint+" "+source.Selector)
				case n == take.Source:
					q := &flows[take.Act].Request
					from[value.Name] = []string{source.Endpoint + " " + source.Selector + "\n" + q.Method + " " + q.Target + " " + source.Selector}
				}
			}
		}
	}
	return from
}

var (
	holes      = regexp.MustCompile(`\$\{([^}]+)\}`)
	multipart  = regexp.MustCompile(`(?s)name="([^"]*)"[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n(.*?)\r\n--`)
	plainParts = regexp.MustCompile(`^[^=&\s]+=[^&]*(&[^=&\s]+=[^&]*)*$`)
)

// requestText returns a request as text, with templates within values in their places:
// a line with method and target, the headers, and the body. A form stands as lines
// NAME=VALUE, without the encoding of forms.
func requestText(v *model.Variant) string {
	var b strings.Builder
	b.WriteString(v.Request.Method + " " + plainQuery(v.Request.Target) + "\n")
	for _, h := range v.Request.Headers {
		b.WriteString(h.Name + ": " + h.Value + "\n")
	}
	b.WriteString("\n" + plainBody(v.Request.Body))
	text := b.String()
	for i := len(v.Values) - 1; i >= 0; i-- {
		if v.Values[i].Kind == model.Template {
			text = strings.ReplaceAll(text, "${"+v.Values[i].Name+"}", v.Values[i].Ref)
		}
	}
	return text
}

// asSent returns what an act sends, with the values of its own in their places.
func asSent(v *model.Variant, a *model.Act) *model.Variant {
	sent, columns, takers := *v, v.RowColumns(), v.Takers()
	var pairs []string
	for i := range v.Values {
		name := v.Values[i].Name
		at, taker := slices.Index(columns, name), slices.Index(takers, i)
		own := v.Values[i].Kind == model.Row || taker >= 0 && len(a.Takes) > 0 && a.Takes[taker].Act == model.Own
		if own && at >= 0 && a.Row > 0 {
			pairs = append(pairs, "${"+name+"}", v.Rows[a.Row-1][at])
		}
	}
	own := strings.NewReplacer(pairs...)
	sent.Request.Target, sent.Request.Body = own.Replace(v.Request.Target), own.Replace(v.Request.Body)
	sent.Request.Headers, sent.Values = nil, slices.Clone(v.Values)
	for _, h := range v.Request.Headers {
		sent.Request.Headers = append(sent.Request.Headers, model.Header{Name: h.Name, Value: own.Replace(h.Value)})
	}
	for i := range sent.Values {
		if sent.Values[i].Kind == model.Template {
			sent.Values[i].Ref = own.Replace(sent.Values[i].Ref)
		}
	}
	return &sent
}

// recordedText is requestText of a recorded request.
func recordedText(q *flow.Request) string {
	v := model.Variant{Request: model.Request{Method: q.Method, Target: q.Target, Body: string(q.Body.Data)}}
	for _, h := range q.Headers {
		v.Request.Headers = append(v.Request.Headers, model.Header{Name: h.Name, Value: h.Value})
	}
	return requestText(&v)
}

func plainQuery(target string) string {
	if plain, err := url.QueryUnescape(target); err == nil {
		return plain
	}
	return target
}

func plainBody(body string) string {
	var b strings.Builder
	switch parts := multipart.FindAllStringSubmatch(body, -1); {
	case len(parts) > 0:
		for _, p := range parts {
			b.WriteString(p[1] + "=" + p[2] + "\n")
		}
	case plainParts.MatchString(body):
		for part := range strings.SplitSeq(body, "&") {
			b.WriteString(plainQuery(part) + "\n")
		}
	default:
		return body
	}
	return b.String()
}

// allMatch reports whether each of the texts has a line that is like the pattern.
func allMatch(pattern string, texts []string) bool {
	whole := regexp.MustCompile("(?m)^(?:" + pattern + ")$")
	return len(texts) > 0 && !slices.ContainsFunc(texts, func(text string) bool { return !whole.MatchString(text) })
}

// TestKeptRecordingsHaveTheirLabels judges what is learned from the recordings that
// E2E_KEEP=FOLDER has kept, without the applications.
func TestKeptRecordingsHaveTheirLabels(t *testing.T) {
	keep := os.Getenv("E2E_KEEP")
	if keep == "" {
		t.Skip("E2E_KEEP names no folder of recordings")
	}
	s := buildStarling(t)
	for _, a := range applications() {
		dir := filepath.Join(keep, strings.ReplaceAll(strings.ToLower(a.name), " ", "_"))
		file := filepath.Join(dir, "people.flow.zst")
		if _, err := os.Stat(file); err != nil {
			continue
		}
		t.Run(a.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "people.model")
			s.run(t, 0, "model", "learn", file, "--data", accountsFile(dir), "--redact-key", keyFile(dir), "-o", name)
			assertLabels(t, name, file, a.labels)
		})
	}
}
