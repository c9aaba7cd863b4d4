package model

import (
	"fmt"
	"slices"

	"github.com/starling-load/starling/model/formula"
	"github.com/starling-load/starling/model/problem"
)

// Computation returns the indices of the values of kind Computed, in an order in which
// each depends on earlier ones alone. The error names a formula that cannot be read, a
// name that stands for nothing, or a value that depends on itself.
func (v *Variant) Computation() ([]int, error) {
	c := computation{of: v, state: make([]byte, len(v.Values))}
	for i := range v.Values {
		if err := c.visit(i); err != nil {
			return nil, err
		}
	}
	return c.order, nil
}

// A computation puts values in order. The state of a value is 0, under way or done.
type computation struct {
	of    *Variant
	state []byte
	order []int
}

const underWay, done = 1, 2

func (c *computation) visit(i int) error {
	value := &c.of.Values[i]
	switch {
	case c.state[i] == underWay:
		return fmt.Errorf("%s depends on itself", problem.Quote(value.Name))
	case c.state[i] == done || value.Kind != Computed:
		return nil
	}
	c.state[i] = underWay
	f, err := formula.Parse(value.Ref)
	if err != nil {
		return fmt.Errorf("%s: %w", problem.Quote(value.Name), err)
	}
	for _, name := range f.Names() {
		for _, hole := range c.holes(name) {
			at := slices.IndexFunc(c.of.Values, func(x Value) bool { return x.Name == hole })
			if at < 0 {
				return fmt.Errorf("%s: there is no value %s; the parts of the request are %s", problem.Quote(value.Name), problem.Quote(hole), problem.Shorten(fmt.Sprint(formula.Parts())))
			}
			if err := c.visit(at); err != nil {
				return err
			}
		}
	}
	c.state[i] = done
	c.order = append(c.order, i)
	return nil
}

// holes returns the names of the values that a name in a formula needs.
func (c *computation) holes(name string) []string {
	text := ""
	switch name {
	case formula.Method:
		return nil
	case formula.Body:
		text = c.of.Request.Body
	case formula.Target, formula.Path, formula.Query:
		text = c.of.Request.Target
	default:
		return []string{name}
	}
	parts, err := ParseTemplate(text)
	if err != nil { // named where the template stands
		return nil
	}
	var names []string
	for _, p := range parts {
		if p.Name != "" && !reserved(p.Name) && slices.ContainsFunc(c.of.Values, func(x Value) bool { return x.Name == p.Name }) {
			names = append(names, p.Name)
		}
	}
	return names
}

// computedFrom returns the names that the formulas of v use.
func (v *Variant) computedFrom() map[string]bool {
	used := map[string]bool{}
	for i := range v.Values {
		if v.Values[i].Kind != Computed {
			continue
		}
		if f, err := formula.Parse(v.Values[i].Ref); err == nil {
			for _, name := range f.Names() {
				used[name] = true
			}
		}
	}
	return used
}
