package stats

import (
	"encoding/json"
	"math"
)

// A Ratio is a share, 0 to 1, or NaN where there was nothing to take it of. NaN is null
// in JSON.
type Ratio float64

// Known reports whether there was something to take the share of.
func (r Ratio) Known() bool { return !math.IsNaN(float64(r)) }

// Equal reports whether both are the same share, or both are not known.
func (r Ratio) Equal(o Ratio) bool { return r == o || !r.Known() && !o.Known() }

// MarshalJSON implements json.Marshaler.
func (r Ratio) MarshalJSON() ([]byte, error) {
	if !r.Known() {
		return []byte("null"), nil
	}
	return json.Marshal(float64(r))
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *Ratio) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*r = Ratio(math.NaN())
		return nil
	}
	return json.Unmarshal(b, (*float64)(r))
}
