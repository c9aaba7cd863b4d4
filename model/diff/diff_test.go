package diff

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model"
)

// A week is what the users of a shop do: some buy, the others look.
type week struct {
	buyers float64
	pages  float64 // mean number of pages that one looks at
	pause  time.Duration
	buyer  string
}

// usual is a week like any other.
func usual() week { return week{buyers: 0.3, pages: 4, pause: 2 * time.Second, buyer: "buyer"} }

// model draws n sessions of the week.
func (w week) model(seed uint64, n int) *model.Model {
	r := rand.New(rand.NewPCG(seed, 1))
	m := &model.Model{Bindings: []model.Binding{{Name: "csrf", Sources: []model.Select{{Endpoint: "GET /cart", Selector: "form:csrf"}}}}}
	buyers := 0
	for range n {
		s := model.Session{Behavior: "reader"}
		add := func(endpoint string) {
			s.Acts = append(s.Acts, model.Act{Endpoint: endpoint, Delay: time.Duration(r.ExpFloat64() * float64(w.pause))})
		}
		add("GET /")
		for range int(r.ExpFloat64() * w.pages) {
			add("GET /item")
		}
		if r.Float64() < w.buyers {
			s.Behavior = w.buyer
			buyers++
			add("GET /cart")
			add("POST /order")
			add("GET /order")
			add("GET /invoice")
		}
		m.Sessions = append(m.Sessions, s)
	}
	share := float64(buyers) / float64(n)
	m.Behaviors = []model.Behavior{{Name: "reader", Weight: 1 - share}, {Name: w.buyer, Weight: share}}
	return m
}

func TestTwoUsualWeeksHardlyEverDiffer(t *testing.T) {
	found := 0
	for seed := range uint64(100) {
		if r := Compare(usual().model(2*seed, 400), usual().model(2*seed+1, 400)); !r.Same() {
			found++
			t.Logf("seed %d: %+v", seed, r)
		}
	}
	if found > 5 {
		t.Errorf("%d of 100 comparisons of the same users name a difference", found)
	}
}

func TestWhatUsersDoDifferentlyIsNamed(t *testing.T) {
	const n = 600
	w := usual()
	w.buyers, w.pause, w.buyer = 0.5, 6*time.Second, "customer"
	now := w.model(2, n)
	now.Bindings[0].Sources[0].Selector = "json:csrf"
	now.Bindings = append(now.Bindings, model.Binding{Name: "order", Sources: []model.Select{{Endpoint: "POST /order", Selector: "location"}}})
	now.Unresolved = []model.Unresolved{{Endpoint: "POST /order", Place: "header X-Mark"}}
	for i := range now.Sessions {
		if i%2 == 0 {
			now.Sessions[i].Acts = append(now.Sessions[i].Acts, model.Act{Endpoint: "GET /help", Delay: time.Second})
		}
	}
	r := Compare(usual().model(1, n), now)
	var types, endpoints, thinks []string
	for _, c := range r.Types {
		types = append(types, string(c.Kind)+" "+c.Name+" "+c.Renamed)
	}
	for _, c := range r.Endpoints {
		endpoints = append(endpoints, string(c.Kind)+" "+c.Name)
	}
	for _, x := range r.Thinks {
		thinks = append(thinks, x.Endpoint)
	}
	if d := cmp.Diff([]string{"changed customer buyer", "changed reader "}, types); d != "" {
		t.Errorf("types (-want +got): %s", d)
	}
	for _, want := range []string{"new GET /help", "changed POST /order", "changed GET /cart"} {
		if !strings.Contains(strings.Join(endpoints, "; "), want) {
			t.Errorf("endpoints %q do not have %q", endpoints, want)
		}
	}
	if strings.Contains(strings.Join(endpoints, "; "), "GET /item") {
		t.Errorf("GET /item is named, which has not changed: %q", endpoints)
	}
	if len(thinks) != 5 {
		t.Errorf("longer pauses are seen before %q, want those of all but GET / and GET /help", thinks)
	}
	want := []Binding{
		{Kind: New, Name: "order", Now: []string{"POST /order location"}},
		{Kind: Changed, Name: "csrf", Was: []string{"GET /cart form:csrf"}, Now: []string{"GET /cart json:csrf"}},
	}
	if d := cmp.Diff(want, r.Bindings); d != "" {
		t.Errorf("bindings (-want +got): %s", d)
	}
	if len(r.Unresolved) != 1 || r.Unresolved[0].Kind != New {
		t.Errorf("unresolved: %+v", r.Unresolved)
	}
	var page bytes.Buffer
	if err := r.Text(&page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"customer, once buyer", "GET /help", "new, 0.50", "form:csrf → GET /cart json:csrf", "POST /order, header X-Mark"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q:\n%s", want, page.String())
		}
	}
}

func TestAModelIsNoOtherThanItself(t *testing.T) {
	m := usual().model(1, 50)
	if r := Compare(m, m); !r.Same() {
		t.Errorf("got %+v", r)
	}
	if r := Compare(&model.Model{}, &model.Model{}); !r.Same() {
		t.Errorf("empty models: %+v", r)
	}
}
