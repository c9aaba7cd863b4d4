package learn

import (
	"slices"
	"testing"

	"github.com/starling-load/starling/model/correlate"
	"github.com/starling-load/starling/record/flow"
)

func TestATypeIsNamedAfterWhatPeopleAskFor(t *testing.T) {
	visit := func(names ...string) (r recorded) {
		for _, name := range names {
			r.exchanges = append(r.exchanges, correlate.Exchange{Endpoint: name, Flow: &flow.Flow{Response: &flow.Response{Status: 200}}})
		}
		return r
	}
	l := &learner{
		sessions:  []recorded{visit("GET /news", "HEAD /feed", "GET /news"), visit("HEAD /feed", "GET /news", "GET /news"), visit("GET /shop", "POST /basket", "GET /shop")},
		endpoints: []string{"GET /news", "HEAD /feed", "GET /shop", "POST /basket"},
	}
	if got, want := l.typeNames([][]int{{0, 1}, {2}}), []string{"get-news", "post-basket"}; !slices.Equal(got, want) {
		t.Errorf("types are named %q, want %q", got, want)
	}
}
