package folder

import (
	"math"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/problem"
)

// mix gives behaviors their weights. They are equal if the file names none.
func (d *decoder) mix(x node, weights map[string]*share) {
	behaviors := d.m.Behaviors
	names := make([]string, len(behaviors))
	shares := make([]*share, len(behaviors))
	for i := range behaviors {
		names[i] = behaviors[i].Name
		shares[i] = weights[names[i]]
		if shares[i] == nil {
			if shares[i] = (&share{}); len(weights) > 0 {
				d.fail(problemAt(x, "mix"), "behavior %s has no weight", problem.Quote(names[i]))
			}
		}
	}
	fill(shares)
	for i := range behaviors {
		behaviors[i].Weight = shares[i].x
	}
	for name := range weights {
		if !slices.Contains(names, name) {
			d.fail(problemAt(x, "mix", name), "there is no behavior of this name%s", problem.Suggest(name, names))
		}
	}
}

// browsers reads the browsers, with equal weights where the file names none.
func (x node) browsers() []model.Browser {
	var browsers []model.Browser
	var shares []*share
	x.each(func(name string, _ *yaml.Node, x node) {
		b, weight := model.Browser{Name: name}, &share{}
		x.fields(
			field{"weight", func(x node) { weight = x.share() }},
			field{"headers", func(x node) { b.Headers = x.headers() }},
		)
		browsers, shares = append(browsers, b), append(shares, weight)
	})
	fill(shares)
	for i := range browsers {
		browsers[i].Weight = shares[i].x
	}
	return browsers
}

// A share is one of several numbers that sum to 1.
type share struct {
	x      float64
	given  bool
	pinned bool // by the overrides
}

// share reads a number.
func (x node) share() *share { return &share{x.number(), true, x.d.pinned[x.y]} }

// fill sets the shares that are not given: they divide equally what the given ones
// leave of 1. If all are given and overrides pin some, those that are not pinned are
// scaled to what the pinned ones leave.
func fill(shares []*share) {
	given, pinned, rest, open := 0.0, 0.0, 0.0, 0
	some := false // whether some shares are pinned
	for _, s := range shares {
		switch {
		case !s.given:
			open++
		case s.pinned:
			given, pinned, some = given+s.x, pinned+s.x, true
		default:
			given, rest = given+s.x, rest+s.x
		}
	}
	for _, s := range shares {
		switch {
		case !s.given:
			s.x = max(0, (1-given)/float64(open))
		case !s.pinned && some && open == 0 && math.Abs(given-1) > 1e-9 && pinned < 1 && rest > 0:
			s.x *= (1 - pinned) / rest
		}
	}
}
