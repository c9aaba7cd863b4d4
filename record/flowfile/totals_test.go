package flowfile

import (
	"math"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/starling-load/starling/record/flow"
)

func TestSessionsHintCountsTheBestIdentityOfEachConnection(t *testing.T) {
	type seen struct {
		conn uint64
		h    flow.Headers
	}
	login := flow.Headers{{Name: "Cookie", Value: "theme=dark; PHPSESSID=abc"}}
	tests := []struct {
		name  string
		flows []seen
		want  uint64
	}{
		{"nobody", nil, 0},
		{"two connections without identity", []seen{{1, nil}, {2, nil}, {1, nil}}, 2},
		{"two connections with one cookie", []seen{{1, nil}, {1, login}, {2, login}}, 1},
		{"a token that is refreshed on a connection", []seen{{1, flow.Headers{{Name: "Authorization", Value: "Bearer a"}}}, {1, flow.Headers{{Name: "Authorization", Value: "Bearer b"}}}, {2, flow.Headers{{Name: "Authorization", Value: "Bearer a"}}}}, 1},
		{"a token before a cookie", []seen{{1, login}, {1, append(flow.Headers{{Name: "Authorization", Value: "Bearer a"}}, login...)}, {2, flow.Headers{{Name: "Authorization", Value: "Bearer a"}}}}, 1},
		{"no connections known", []seen{{0, nil}, {0, login}, {0, flow.Headers{{Name: "Cookie", Value: "id=0123456789abcdef"}}}}, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var s tally
			for _, f := range test.flows {
				n := noteOf(&flow.Flow{Conn: f.conn, Request: flow.Request{Headers: f.h}})
				s.add(&n)
			}
			if got := s.sum(0).SessionsHint; got != test.want {
				t.Errorf("%d sessions, want %d", got, test.want)
			}
		})
	}
}

func TestDistinctIsExactAndThenClose(t *testing.T) {
	var d distinct
	for i := range uint64(200_000) {
		d.add(xxhash.Sum64([]byte{byte(i), byte(i >> 8), byte(i >> 16)}))
		n := float64(i + 1)
		if i < keptHashes-1 && d.count() != i+1 || math.Abs(float64(d.count())-n) > 0.08*n {
			t.Fatalf("%d different ones counted as %d", i+1, d.count())
		}
	}
}
