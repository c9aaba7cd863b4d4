package edit

import (
	"time"

	"github.com/starling-load/starling/model"
)

// A Pace makes think times longer or shorter by a factor, or pins them. The think time of
// an endpoint is the one before users ask for it.
type Pace struct {
	Endpoints []string // none: before all
	Types     []string // none: of all
	Factor    float64  // above 0; 0: Pin counts
	Pin       time.Duration
}

func (p Pace) apply(e *editor) {
	at, of := e.endpoints(p.Endpoints), e.types(p.Types)
	if e.failed() {
		return
	}
	e.behaviors(of, func(b *model.Behavior) {
		pages := map[string]string{}
		for i := range b.Steps {
			if b.Steps[i].Page != nil {
				pages[b.Steps[i].ID] = b.Steps[i].Page.Endpoint
			}
		}
		for i := range b.Steps {
			s := &b.Steps[i]
			for k := range s.Next {
				if x := &s.Next[k]; x.To != model.End && at.has(pages[x.To]) {
					x.Think = p.think(x.Think)
				}
			}
			if s.Pause != nil && at == nil {
				pause := p.think(*s.Pause)
				s.Pause = &pause
			}
		}
	})
	e.sessions(of, func(s *script) []model.Act {
		for i, l := range s.legs {
			if i > 0 && at.has(l.page) {
				s.shift(l, p.pause(s.acts[l.first].Delay))
			}
		}
		return s.acts
	})
}

// pause returns another pause in place of d.
func (p Pace) pause(d time.Duration) time.Duration {
	if p.Factor == 0 {
		return p.Pin
	}
	return time.Duration(min(float64(d)*p.Factor, float64(model.MaxThink)))
}

func (p Pace) think(t model.Think) model.Think {
	if p.Factor == 0 {
		return model.Think{Fixed: p.Pin}
	}
	out := model.Think{Fixed: p.pause(t.Fixed)}
	for _, q := range t.Quantiles {
		out.Quantiles = append(out.Quantiles, p.pause(q))
	}
	return out
}
