package traffic

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/starling-load/starling/model/endpoint"
	"github.com/starling-load/starling/record/flow"
)

// Bounds of the flows that names are learned from. Beyond the first, only flows with a new
// target count, and beyond the second none.
const (
	fewFlows  = 20_000
	fewBytes  = 128 << 20 // of bodies
	mostFlows = 60_000
)

// Names name requests, in a recording and in what is compared with it. They may be used
// concurrently.
type Names struct {
	templates *endpoint.Templates
	main      string // the host whose endpoints have no host in their names
}

// NameOptions steer Learn. The zero value works.
type NameOptions struct {
	Data map[string]string // values of data files, with the names of their columns
	Main string            // the host whose endpoints have no host in their names; "": that of the most flows
}

// Learn learns names from a recording. Flows and their bodies must stay valid. It ends at
// the first error of flows.
func Learn(flows iter.Seq2[*flow.Flow, error], o NameOptions) (*Names, error) {
	var kept []*flow.Flow
	bytes := int64(0)
	seen, hosts := map[uint64]bool{}, map[string]int{}
	for f, err := range flows {
		if err != nil {
			return nil, fmt.Errorf("learn the names of requests: %w", err)
		}
		if !counts(f) {
			continue
		}
		hosts[f.Request.Authority]++
		target := valueOf(&f.Request)
		few := len(kept) < fewFlows && bytes < fewBytes
		if !few && (seen[target] || len(kept) >= mostFlows) {
			continue
		}
		seen[target] = true
		if !few && f.Response != nil {
			light := *f
			light.Response = &flow.Response{Status: f.Response.Status, Headers: f.Response.Headers}
			f = &light
		}
		bytes += int64(len(f.Request.Body.Data))
		if f.Response != nil {
			bytes += int64(len(f.Response.Body.Data))
		}
		kept = append(kept, f)
	}
	n := &Names{templates: endpoint.Learn(kept, endpoint.Options{Data: o.Data}), main: o.Main}
	if n.main == "" && len(hosts) > 0 {
		n.main = slices.MinFunc(slices.Collect(maps.Keys(hosts)), func(a, b string) int {
			return cmp.Or(cmp.Compare(hosts[b], hosts[a]), cmp.Compare(a, b))
		})
	}
	return n, nil
}

// Of returns the name of the endpoint that a request to the recorded hosts is for. That of
// a host other than the main one has the host before its path.
func (n *Names) Of(f *flow.Flow) string {
	name := n.templates.Name(f)
	if f.Request.Authority == n.main {
		return name
	}
	method, path, _ := strings.Cut(name, " ")
	return method + " " + f.Request.Authority + path
}

// OfMain returns the name of the endpoint that a request is for, whichever host it went to.
func (n *Names) OfMain(f *flow.Flow) string { return n.templates.Name(f) }

// counts reports whether a flow is a request of a user to a service.
func counts(f *flow.Flow) bool {
	return strings.HasPrefix(f.Request.Target, "/") && f.Request.Method != "CONNECT"
}

// valueOf names what is asked for.
func valueOf(r *flow.Request) uint64 {
	h := fnv.New64a()
	h.Write([]byte(r.Method + " " + r.Target)) // cannot fail
	return h.Sum64()
}
