package session

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/endpoint/operation"
	"github.com/starling-load/starling/model/session/identity"
	"github.com/starling-load/starling/record/flow"
)

// habits count what clients ask for after what, by the shape of the requests. What is first
// counts as what comes after nothing.
type habits struct {
	pairs  map[[2]identity.Mark]float64
	before map[identity.Mark]float64
	after  map[identity.Mark]float64
	all    float64
}

// nothing is the shape before the first request of a client.
const nothing identity.Mark = 0

// Bounds of habits.
const (
	maxHabits = 1 << 16
	doubt     = 4.0  // requests for which what is usual counts
	rarely    = -2.0 // logarithms
	mostly    = 4.0
)

// calls are words in the bodies of protocols whose operations have one address, and maxCall
// the number of bytes among which they are looked for.
var calls = [][]byte{[]byte(`"operationName"`), []byte(`"jsonrpc"`), []byte(`"query"`)}

const maxCall = 1 << 10

func newHabits() habits {
	return habits{pairs: map[[2]identity.Mark]float64{}, before: map[identity.Mark]float64{}, after: map[identity.Mark]float64{}}
}

// add counts a request after another of the same client.
func (h *habits) add(before, shape identity.Mark) {
	at := [2]identity.Mark{before, shape}
	if _, known := h.pairs[at]; !known && len(h.pairs) == maxHabits {
		return
	}
	h.pairs[at]++
	h.before[before]++
	h.after[shape]++
	h.all++
}

// lift is the logarithm of how many times likelier than usual a request is after another.
//
//	lift = log((n(before, shape) + doubt·usual) / (n(before) + doubt) / usual)    usual = n(shape) / n
func (h *habits) lift(before, shape identity.Mark) float64 {
	after := h.after[shape]
	if after == 0 {
		return 0
	}
	usual := after / h.all
	lift := (h.pairs[[2]identity.Mark{before, shape}] + doubt*usual) / (h.before[before] + doubt) / usual
	return max(rarely, min(mostly, math.Log(lift)))
}

// shapeOf returns a mark of method and path, in which all numbers and random values are
// equal, and of the operation that one address of several stands for.
func (c *carriers) shapeOf(r *flow.Request) identity.Mark {
	parts := []string{r.Method, ""}
	if r.Method != "GET" {
		parts[1] = operation.InHeader(r)
	}
	if slices.ContainsFunc(calls, func(word []byte) bool { return bytes.Contains(r.Body.Data[:min(len(r.Body.Data), maxCall)], word) }) {
		parts[1] = operation.Of(r, content.RequestLeaves(r))
	}
	for segment := range strings.SplitSeq(r.Path(), "/") {
		if strings.IndexFunc(segment, unicode.IsDigit) >= 0 || content.Opaque(segment) {
			segment = "*"
		}
		parts = append(parts, segment)
	}
	return c.Of("shape", parts...)
}
