package modelled

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content/lines"
	"github.com/starling-load/starling/model/dist"
	"github.com/starling-load/starling/model/formula"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
)

// A computed is a value of a variant with its formula.
type computed struct {
	index   int
	name    string
	formula formula.Formula
}

// compileComputed reads the formulas of a variant, in the order in which they are
// computed.
func compileComputed(from *model.Variant) ([]computed, error) {
	order, err := from.Computation()
	if err != nil {
		return nil, err
	}
	var out []computed
	for _, i := range order {
		f, err := formula.Parse(from.Values[i].Ref)
		if err != nil {
			return nil, err
		}
		out = append(out, computed{i, from.Values[i].Name, f})
	}
	return out, nil
}

// compute fills in the values that are made of others: templates, and those that are
// computed from values and from the request. What has a content already is a recorded
// one. If a value cannot be computed, compute returns its name.
func (v *visitor) compute(a *replay.Act, e *variant, values []string) (missing string) {
	e.renderTemplates(values)
	if len(e.computed) == 0 {
		return ""
	}
	env := formula.Env{
		Value: func(name string) (string, error) { return e.part(name, values) },
		Count: v.countNonce, Now: time.Now(),
		Random: v.random(a),
	}
	for i := range e.computed {
		c := &e.computed[i]
		if values[c.index] != "" {
			continue
		}
		var err error
		if values[c.index], err = c.formula.Eval(&env); err != nil {
			switch {
			case errors.Is(err, lines.ErrGone) && e.change != nil:
				return e.change.missing(err)
			case errors.Is(err, lines.ErrGone):
				return likeRecorded(c.name)
			}
			return c.name
		}
	}
	e.renderTemplates(values) // with what was computed
	return ""
}

// renderTemplates fills in the values that are templates. Each uses values before it.
func (v *variant) renderTemplates(values []string) {
	for i := range v.values {
		if v.values[i].kind == model.Template {
			values[i] = v.values[i].text.render(values)
		}
	}
}

// random is the stream of an act for what is drawn while values are computed.
func (v *visitor) random(a *replay.Act) *rand.Rand {
	return dist.Keyed(v.source.plan.Seed, v.number, computeStream|uint64(a.ID))
}

// part returns what a name in a formula stands for.
func (v *variant) part(name string, values []string) (string, error) {
	if i, ok := v.names[name]; ok {
		return values[i], nil
	}
	q, err := v.draft(values)
	if err != nil {
		return "", err
	}
	switch name {
	case formula.Method:
		return q.Method, nil
	case formula.Target:
		return q.Target, nil
	case formula.Path:
		return q.Path(), nil
	case formula.Query:
		_, query, _ := strings.Cut(q.Target, "?")
		return query, nil
	case formula.Body:
		return string(q.Body.Data), nil
	}
	return "", fmt.Errorf("no value %q", name)
}

// draft writes the request with the values that are known so far.
func (v *variant) draft(values []string) (*flow.Request, error) {
	q := &flow.Request{Method: v.method, Target: v.target.render(values), Body: flow.NewBody([]byte(v.body.render(values)))}
	if v.change == nil {
		return q, nil
	}
	for _, h := range v.headers {
		q.Headers = append(q.Headers, flow.Header{Name: h.name, Value: h.template.render(values)})
	}
	return q, v.change.apply(q, values[v.change.value])
}

// maxNonces bounds the challenges of one session that are counted.
const maxNonces = 1000

// countNonce counts the answers to a challenge.
func (v *visitor) countNonce(nonce string) int {
	if v.nonces == nil || len(v.nonces) >= maxNonces {
		v.nonces = make(map[string]int)
	}
	v.nonces[nonce]++
	return v.nonces[nonce]
}
