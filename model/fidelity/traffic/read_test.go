package traffic

import (
	"bufio"
	"errors"
	"fmt"
	"iter"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/starling-load/starling/model/dist"
	"github.com/starling-load/starling/model/fidelity"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
)

// A line is a request of the log of a public web server.
type line struct {
	host   string
	at     float64 // seconds since the first
	target string
	status int
	bytes  int64
}

// nasa are the pages of a day at a public web server, without what they load.
func nasa(t *testing.T) []line {
	t.Helper()
	const name = "../../../../shared/data/logs/nasa-1995-08-01.tsv"
	file, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("SKIPPED: no %s", name)
	} else if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var list []line
	first := 0.0
	lines := bufio.NewScanner(file)
	lines.Scan() // the header
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		at, err := strconv.ParseFloat(fields[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			first = at
		}
		path := strings.ToLower(fields[4])
		if fields[3] != "GET" || strings.HasSuffix(path, ".gif") || strings.HasSuffix(path, ".jpg") || strings.HasSuffix(path, ".xbm") || !strings.HasPrefix(path, "/") {
			continue
		}
		status, _ := strconv.Atoi(fields[5])
		size, _ := strconv.ParseInt(fields[6], 10, 64)
		list = append(list, line{fields[0], at - first, fields[4], status, size})
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
	return list
}

// flows are lines as flows.
func flows(list []line) iter.Seq2[*flow.Flow, error] {
	start := time.Date(1995, 8, 1, 6, 0, 0, 0, time.UTC)
	conns := map[string]uint64{}
	return func(yield func(*flow.Flow, error) bool) {
		for _, l := range list {
			if conns[l.host] == 0 {
				conns[l.host] = uint64(len(conns) + 1)
			}
			f := &flow.Flow{
				Conn: conns[l.host], Scheme: "http", Protocol: "HTTP/1.0", Start: start.Add(time.Duration(l.at * float64(time.Second))),
				Request:  flow.Request{Method: "GET", Target: l.target, Authority: "www.test"},
				Response: &flow.Response{Status: l.status, Body: flow.Body{Size: l.bytes}},
			}
			if !yield(f, nil) {
				return
			}
		}
	}
}

func read(t *testing.T, names *Names, list []line) *fidelity.Traffic {
	t.Helper()
	r, err := Read(flows(list), names, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// spoiled are the lines with other times or targets, by host.
func spoiled(list []line, change func(r *dist.Source, of []*line)) []line {
	out := append([]line(nil), list...)
	hosts := map[string][]*line{}
	var order []string
	for i := range out {
		h := out[i].host
		if hosts[h] == nil {
			order = append(order, h)
		}
		hosts[h] = append(hosts[h], &out[i])
	}
	for i, h := range order {
		var r dist.Source
		r.Reset(1, uint64(i), 0)
		change(&r, hosts[h])
	}
	return out
}

func TestSabotagesOfARealLogShow(t *testing.T) {
	list := nasa(t)
	names, err := Learn(flows(list), NameOptions{})
	if err != nil {
		t.Fatal(err)
	}
	recorded := read(t, names, list)
	uniform := func(r *dist.Source) float64 { return float64(r.Uint64()>>11) / (1 << 53) }
	for _, tt := range []struct {
		name    string
		list    []line
		differs []string
		alike   []string
	}{
		{"the same", list, nil, []string{fidelity.Mix, fidelity.Transitions, fidelity.ThinkTime, fidelity.Length, fidelity.Burstiness, fidelity.Data, fidelity.TellingApart}},
		{"think times are those of a Normal distribution", spoiled(list, func(r *dist.Source, of []*line) {
			at := of[0].at
			was := at
			for _, l := range of[1:] {
				gap := l.at - was
				was = l.at
				if gap < 1800 {
					gap = math.Abs(70 + 150*math.Sqrt(-2*math.Log(1-uniform(r)))*math.Cos(2*math.Pi*uniform(r)))
				}
				at += math.Round(gap)
				l.at = at
			}
		}), []string{fidelity.ThinkTime}, []string{fidelity.Mix, fidelity.Data, fidelity.Bytes}},
		{"the order of pages is shuffled", spoiled(list, func(r *dist.Source, of []*line) {
			for i := len(of) - 1; i > 0; i-- {
				k := int(uniform(r) * float64(i+1))
				of[i].target, of[k].target = of[k].target, of[i].target
				of[i].bytes, of[k].bytes, of[i].status, of[k].status = of[k].bytes, of[i].bytes, of[k].status, of[i].status
			}
		}), []string{fidelity.Transitions, fidelity.Memory}, []string{fidelity.Mix, fidelity.Length, fidelity.ThinkTime, fidelity.Bytes}},
		{"the commonest page is never asked for", without(list, commonest(list)), []string{fidelity.Mix}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := fidelity.Compare(recorded, read(t, names, tt.list), fidelity.Options{Halvings: 30})
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range tt.differs {
				if m := r.Metric(name); m == nil || !m.Differs {
					t.Errorf("%s does not differ: %+v", name, m)
				}
			}
			for _, name := range tt.alike {
				if m := r.Metric(name); m == nil || m.Differs {
					t.Errorf("%s differs: %+v", name, m)
				}
			}
			if fair := len(tt.differs) == 0; fair != (r.Fidelity >= 95) {
				t.Errorf("fidelity %.1f", r.Fidelity)
			}
			t.Logf("fidelity %.1f, worst %v; %d sessions, %d requests", r.Fidelity, r.Worst, r.Recorded.Sessions, r.Recorded.Requests)
		})
	}
}

func commonest(list []line) string {
	counts, best := map[string]int{}, ""
	for _, l := range list {
		if counts[l.target]++; counts[l.target] > counts[best] {
			best = l.target
		}
	}
	return best
}

func without(list []line, target string) []line {
	var out []line
	for _, l := range list {
		if l.target != target {
			out = append(out, l)
		}
	}
	return out
}

func TestHalvesOfARealLogAreLikeEachOther(t *testing.T) {
	if testing.Short() {
		t.Skip("compares 40 halves of a log")
	}
	list := nasa(t)
	names, err := Learn(flows(list), NameOptions{})
	if err != nil {
		t.Fatal(err)
	}
	low, splits := 0, 20
	for i := range splits {
		var halves [2][]line
		for _, l := range list {
			h := uint64(0)
			for _, c := range []byte(l.host) {
				h = h*131 + uint64(c)
			}
			k := dist.Keyed(uint64(i), h, 0).IntN(2)
			halves[k] = append(halves[k], l)
		}
		r, err := fidelity.Compare(read(t, names, halves[0]), read(t, names, halves[1]), fidelity.Options{Seed: uint64(i), Halvings: 20})
		if err != nil {
			t.Fatal(err)
		}
		if r.Fidelity < 95 {
			low++
			t.Logf("split %d: %.1f %v", i, r.Fidelity, r.Worst)
		}
	}
	if low > splits/20 {
		t.Errorf("%d of %d splits of a real log have a fidelity below 95, want 5 %% at most", low, splits)
	}
}

func TestUsersDoNotWaitForTheEndOfStreams(t *testing.T) {
	for _, tt := range []struct {
		name string
		flow flow.Flow
		end  time.Duration
	}{
		{"an answer", flow.Flow{Done: time.Second, Response: &flow.Response{Status: 200}}, 3 * time.Second},
		{"no answer", flow.Flow{Done: time.Second}, 3 * time.Second},
		{"a socket", flow.Flow{Done: time.Hour, Response: &flow.Response{Status: 101}}, 2 * time.Second},
		{"events", flow.Flow{Done: time.Hour, Response: &flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: "text/event-stream; charset=utf-8"}}}}, 2 * time.Second},
		{"a socket that HTTP/2 opened", flow.Flow{Done: time.Hour, Messages: []flow.Message{{Kind: flow.MessageText}}, Response: &flow.Response{Status: 200}}, 2 * time.Second},
		{"a call of gRPC", flow.Flow{Done: time.Second, Messages: []flow.Message{{Kind: flow.MessageGRPC}}, Response: &flow.Response{Status: 200}}, 3 * time.Second},
	} {
		if q := Request(&tt.flow, "GET /", 2*time.Second); q.End != tt.end {
			t.Errorf("%s ends at %v, want %v", tt.name, q.End, tt.end)
		}
	}
}

func TestOtherHostsHaveNamesOfTheirOwn(t *testing.T) {
	to := func(host, target string) *flow.Flow {
		return &flow.Flow{Conn: 1, Scheme: "http", Request: flow.Request{Method: "GET", Target: target, Authority: host}, Response: &flow.Response{Status: 200}}
	}
	list := []*flow.Flow{to("shop.test", "/"), to("shop.test", "/cart"), to("id.test", "/login")}
	all := func(yield func(*flow.Flow, error) bool) {
		for _, f := range list {
			if !yield(f, nil) {
				return
			}
		}
	}
	for _, tt := range []struct{ main, cart, login, anywhere string }{
		{"", "GET /cart", "GET id.test/login", "GET /login"},
		{"id.test", "GET shop.test/cart", "GET /login", "GET /login"},
	} {
		names, err := Learn(all, NameOptions{Main: tt.main})
		if err != nil {
			t.Fatal(err)
		}
		if cart, login, anywhere := names.Of(list[1]), names.Of(list[2]), names.OfMain(list[2]); cart != tt.cart || login != tt.login || anywhere != tt.anywhere {
			t.Errorf("main host %q: %q, %q, %q; want %q, %q, %q", tt.main, cart, login, anywhere, tt.cart, tt.login, tt.anywhere)
		}
	}
}

func TestReadKeepsAllRequestsOfAllSessionsAndTheirTypes(t *testing.T) {
	var list []line
	for i := range 40 {
		list = append(list, line{fmt.Sprint("h", i%10), float64(i), fmt.Sprintf("/p%d", i/10), 200, 10})
	}
	names, err := Learn(flows(list), NameOptions{})
	if err != nil {
		t.Fatal(err)
	}
	visits := 0
	r, err := Read(flows(list), names, Options{Type: func(v session.Visit, s *fidelity.Session) string {
		visits++
		if len(v.Flows) != 4 || len(s.Requests) != 4 || s.Requests[3].Endpoint != "GET /p3" || s.Requests[3].Start-s.Requests[0].Start != 30*time.Second {
			t.Errorf("visit of flows %v has requests %+v, want four pages, ten seconds apart", v.Flows, s.Requests)
		}
		return "visitor"
	}})
	if err != nil {
		t.Fatal(err)
	}
	if visits != 10 || r.Sessions() != 10 || r.Users() != 10 || r.Requests() != 40 {
		t.Errorf("%d visits, %d sessions, %d users, %d requests; want 10, 10, 10, 40", visits, r.Sessions(), r.Users(), r.Requests())
	}
	broken := errors.New("broken")
	if _, err := Read(func(yield func(*flow.Flow, error) bool) { yield(nil, broken) }, names, Options{}); !errors.Is(err, broken) {
		t.Errorf("got %v, want the error of the flows", err)
	}
}
