package run

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"mime"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/learn"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/har"
	"github.com/starling-load/starling/record/convert/mitm"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/modelled"
	"github.com/starling-load/starling/replay/verbatim"
)

// recordings are real recordings with the share of their requests that a replay sends
// as they were recorded, when the target answers as it did. The rest carry values that
// clients make anew.
var recordings = map[string]convert.Format{
	"own/dokuwiki.mitm":                                 {Name: "mitm", In: mitm.Format{}},
	"har/mitmproxy--chrome.har":                         {Name: "har", In: har.Format{}},
	"har/mitmproxy--firefox.har":                        {Name: "har", In: har.Format{}},
	"har/perfcascade--chrome_github.com_home.har":       {Name: "har", In: har.Format{}},
	"har/perfcascade--www.google.co.kr.har":             {Name: "har", In: har.Format{}},
	"har/pagexray--run.sitespeed.io.har":                {Name: "har", In: har.Format{}},
	"har/perfcascade--firefox_h2_filamentgroup.com.har": {Name: "har", In: har.Format{}},
}

// A target that answers as it did in the recording must be sent what was recorded.
func TestARecordingPlayedAgainstItsOwnAnswersIsSentAsRecorded(t *testing.T) {
	for name, format := range recordings {
		for _, sample := range []int{0, 40} {
			t.Run(fmt.Sprint(name, " with a sample of ", sample), func(t *testing.T) { playsItself(t, name, format, sample) })
		}
	}
}

// playsItself learns a recording, from a sample of so many flows if that is not 0, and plays
// the model against the recorded answers.
func playsItself(t *testing.T, name string, format convert.Format, sample int) {
	path := filepath.Join("../../../shared/data", name)
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("SKIPPED: no %s", path)
	} else if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var flows []*flow.Flow
	for rec, err := range convert.Import(context.Background(), format, file, convert.Options{}) {
		if f, ok := rec.(*flow.Flow); ok && err == nil {
			flows = append(flows, f)
		}
	}
	sessions, err := session.Split(func(yield func(*flow.Flow, error) bool) {
		for _, f := range flows {
			if !yield(f, nil) {
				return
			}
		}
	}, session.Options{Every: true})
	if err != nil {
		t.Fatal(err)
	}
	m, report, err := learn.Learn(sessions, learn.Options{Sample: sample, Origin: func(f *flow.Flow) string {
		if o := verbatim.OriginOf(f); o != verbatim.OriginOf(flows[0]) {
			return o
		}
		return ""
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d flows used, lost %v", report.Used, report.Flows, report.Lost)
	sameAsRecorded(t, m, sessions)
}

// sameAsRecorded plays each session of m against its recorded answers and compares the
// requests with the recorded ones.
func sameAsRecorded(t *testing.T, m *model.Model, sessions []session.Session) {
	p := modelled.AtHome(m)
	p.Seed = 1
	src, err := modelled.New(m, p)
	if err != nil {
		t.Fatal(err)
	}
	recorded := usable(m, sessions)
	sent, made := 0, 0
	for i := range m.Sessions {
		flows := recorded[i]
		s := src.Session(uint64(i), uint64(i))
		underWay := s.Next(nil)
		seen := 0
		for len(underWay) > 0 {
			slices.SortStableFunc(underWay, func(a, b replay.Act) int { return cmp.Compare(a.ID, b.ID) })
			a := underWay[0]
			underWay = underWay[1:]
			s.Fill(&a)
			seen++
			f := flows[a.ID]
			over := &replay.Answer{Act: &a}
			if a.Kind == replay.Request {
				if a.Skip != "" {
					t.Errorf("session %d act %d %s %s: skipped for lack of %s", i, a.ID, f.Request.Method, f.Request.Target, a.Skip)
				} else if why := differs(&a, f); why != "" {
					if anew(m, &m.Sessions[i].Acts[a.ID]) {
						made++
					} else {
						t.Errorf("session %d act %d %s %s: %s", i, a.ID, f.Request.Method, f.Request.Target, why)
					}
				} else {
					sent++
				}
				over.URL, over.Response, over.Doc, over.OK = f.URL(), f.Response, content.New(f.Response), true
			}
			underWay = append(underWay, s.Next(over)...)
		}
		if seen != len(flows) {
			t.Errorf("session %d: %d of %d acts were made", i, seen, len(flows))
		}
	}
	t.Logf("%d requests as recorded, %d with values made anew", sent, made)
}

// usable returns the flows of each session of m, in the order of its acts.
func usable(m *model.Model, sessions []session.Session) [][]*flow.Flow {
	byAct := map[string][][]*flow.Flow{}
	for _, s := range sessions {
		var flows []*flow.Flow
		for _, f := range s.Flows {
			if f.Response != nil && f.Response.Status >= 200 && f.Error == "" && f.Request.Body.Kept() && !f.Request.Body.Truncated() && f.Request.Method != "CONNECT" && strings.HasPrefix(f.Request.Target, "/") {
				flows = append(flows, f)
			}
		}
		if len(flows) == 0 {
			continue
		}
		slices.SortStableFunc(flows, func(a, b *flow.Flow) int {
			return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Number, b.Number))
		})
		key := fmt.Sprint(flows[0].Start.Sub(m.Recorded.Start), len(flows), s.User)
		byAct[key] = append(byAct[key], flows)
	}
	out := make([][]*flow.Flow, len(m.Sessions))
	for i, s := range m.Sessions {
		key := fmt.Sprint(s.Start, len(s.Acts), s.User)
		if list := byAct[key]; len(list) > 0 {
			out[i], byAct[key] = list[0], list[1:]
		}
	}
	return out
}

// differs compares what is sent with what was recorded.
func differs(a *replay.Act, f *flow.Flow) string {
	q := &a.Request
	switch {
	case q.Method != f.Request.Method:
		return "method " + q.Method
	case q.Target != f.Request.Target:
		return "target " + q.Target
	case !bytes.Equal(bare(q.Body.Data, q.Headers), bare(f.Request.Body.Data, f.Request.Headers)):
		return fmt.Sprintf("body %.300q instead of %.300q", q.Body.Data, f.Request.Body.Data)
	}
	for _, h := range f.Request.Headers {
		switch strings.ToLower(h.Name) {
		case "referer", "origin", "if-none-match", "if-modified-since":
			continue
		}
		if !content.Forwarded(h.Name) || content.OfBrowser(h.Name) || boundary(f.Request.Headers) != "" && strings.EqualFold(h.Name, "Content-Type") {
			continue
		}
		if got := strings.Join(q.Headers.Values(h.Name), "|"); !strings.Contains(got, h.Value) {
			return fmt.Sprintf("header %s: %q instead of %q", h.Name, got, h.Value)
		}
	}
	return ""
}

// bare returns a body without the boundary of its parts: any will do.
func bare(body []byte, headers flow.Headers) []byte {
	if b := boundary(headers); b != "" {
		return bytes.ReplaceAll(body, []byte(b), []byte("boundary"))
	}
	return body
}

func boundary(headers flow.Headers) string {
	_, params, err := mime.ParseMediaType(headers.Value("Content-Type"))
	if err != nil {
		return ""
	}
	return params["boundary"]
}

// anew reports whether an act carries values that clients make anew.
func anew(m *model.Model, a *model.Act) bool {
	for i := range m.Endpoints {
		for k := range m.Endpoints[i].Variants {
			if v := &m.Endpoints[i].Variants[k]; m.Endpoints[i].Name == a.Endpoint && v.Name == a.Variant {
				return slices.ContainsFunc(v.Values, func(x model.Value) bool { return x.Kind == model.Fresh || x.Kind == model.Now })
			}
		}
	}
	return false
}
