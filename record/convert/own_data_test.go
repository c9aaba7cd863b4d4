package convert_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/convert/converttest"
	"github.com/starling-load/starling/record/flow"
)

// The same traffic as GoReplay and as mitmproxy recorded it. GoReplay does not
// keep bodies that end with their connection, which are those of DokuWiki.
func TestTheSameTrafficInTwoFormatsGivesTheSameFlows(t *testing.T) {
	gor := converttest.ReadAll(t, "", converttest.Shared(t, "own/dokuwiki.gor"), converttest.Options{})
	mitm := converttest.ReadAll(t, "", converttest.Shared(t, "own/dokuwiki.mitm"), converttest.Options{})
	for name, r := range map[string]converttest.Result{"gor": gor, "mitm": mitm} {
		slices.SortStableFunc(r.Flows, func(a, b *flow.Flow) int { return cmp.Compare(a.Start.UnixNano(), b.Start.UnixNano()) })
		complete := 0
		for _, f := range r.Flows {
			if f.Complete() {
				complete++
			}
		}
		if len(r.Flows) != 68 || complete != 68 {
			t.Fatalf("%s: %d flows, %d complete; want 68 of each", name, len(r.Flows), complete)
		}
	}
	compared := 0
	for i, g := range gor.Flows {
		m := mitm.Flows[i]
		if g.Request.Method != m.Request.Method || g.Request.Target != m.Request.Target || g.Request.Authority != m.Request.Authority {
			t.Errorf("flow %d: GoReplay has %s %s, mitmproxy %s %s", i, g.Request.Method, g.URL(), m.Request.Method, m.URL())
		}
		if g.Response.Status != m.Response.Status || !slices.Equal(g.Response.Headers.Values("Set-Cookie"), m.Response.Headers.Values("Set-Cookie")) {
			t.Errorf("flow %d: status %d and %d, or other cookies", i, g.Response.Status, m.Response.Status)
		}
		if g.Request.Body.Sum() != m.Request.Body.Sum() || g.Request.Body.Size != m.Request.Body.Size {
			t.Errorf("flow %d: request bodies of %d and %d bytes differ", i, g.Request.Body.Size, m.Request.Body.Size)
		}
		if g.Request.Body.Size > 0 {
			compared++
		}
		if g.Response.Body.Size == 0 && strings.EqualFold(m.Response.Headers.Value("Connection"), "close") {
			continue
		}
		if g.Response.Body.Sum() != m.Response.Body.Sum() {
			t.Errorf("flow %d: response bodies of %d and %d bytes differ", i, g.Response.Body.Size, m.Response.Body.Size)
		}
	}
	if compared != 16 {
		t.Errorf("%d request bodies compared, want 16", compared)
	}
}
