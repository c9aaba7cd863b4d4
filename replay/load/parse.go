package load

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ParseFactor reads a scale or speed such as "3x", "0.5x" or "3".
func ParseFactor(s string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(s), "x"), 64)
	if err != nil || !(v > 0) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%q is no factor: write a number above 0 and x, such as 3x or 0.5x", s)
	}
	return v, nil
}

// ParseRate reads a rate such as "50/s", "3000/m", "1000/h" or "50", which is
// per second, and returns it per second.
func ParseRate(s string) (float64, error) {
	number, unit, cut := strings.Cut(strings.TrimSpace(s), "/")
	if !cut {
		unit = "s"
	}
	seconds := map[string]float64{"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600}[strings.TrimSpace(unit)]
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !(v > 0) || math.IsInf(v, 0) || seconds == 0 {
		return 0, fmt.Errorf("%q is no rate: write a number above 0 and /s, /m or /h, such as 50/s", s)
	}
	return v / seconds, nil
}
