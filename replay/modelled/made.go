package modelled

import (
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/dist"
)

// maxMade bounds how many made values of one session are remembered.
const maxMade = 10_000

// madeAnew makes the content of a hole. Where something was recorded for it, the same
// recorded content stands for the same made one in the whole session, and a recorded
// content of another form is sent as it is.
func (v *visitor) madeAnew(of *value, row []string, r *rand.Rand) string {
	recorded := recordedAt(of, row)
	if recorded == "" {
		return of.make(r)
	}
	if now, ok := v.made[recorded]; ok {
		return now
	}
	if of.kind == model.Fresh && !of.form.Matches(recorded) {
		return recorded
	}
	// The draws depend on what was recorded, so that it does not matter which of
	// several requests, or of several sessions of the user, comes first.
	now := of.make(dist.Keyed(v.source.plan.Seed, v.person(), madeStream|hashOf(recorded)))
	if v.made == nil {
		v.made = make(map[string]string)
	}
	if len(v.made) < maxMade {
		v.made[recorded] = now
	}
	return now
}

func hashOf(recorded string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(recorded))
	return h.Sum64() >> 4
}

// make makes a value now.
func (of *value) make(r *rand.Rand) string {
	if of.kind == model.Now {
		return of.clock.Format(time.Now())
	}
	return of.form.Make(r, time.Now())
}
