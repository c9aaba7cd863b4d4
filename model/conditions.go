package model

// conditions is a set of small numbers that can be compared and copied. Nearly
// every behavior has fewer than 64.
type conditions struct {
	low  uint64
	high string // numbers from 64 on, eight in a byte; zero bytes at the end are cut off
}

// set adds n.
func (c *conditions) set(n int) {
	if n < 64 {
		c.low |= 1 << n
		return
	}
	n -= 64
	high := make([]byte, max(len(c.high), n/8+1))
	copy(high, c.high)
	high[n/8] |= 1 << (n % 8)
	c.high = string(high)
}

// all reports whether c contains every number of other.
func (c *conditions) all(other *conditions) bool {
	if c.low&other.low != other.low || len(c.high) < len(other.high) {
		return false
	}
	for i := range len(other.high) {
		if c.high[i]&other.high[i] != other.high[i] {
			return false
		}
	}
	return true
}

// change adds the numbers of met and removes those of unmet.
func (c *conditions) change(met, unmet *conditions) {
	c.low = c.low&^unmet.low | met.low
	if met.high == "" && (unmet.high == "" || c.high == "") {
		return
	}
	high := make([]byte, max(len(c.high), len(met.high)))
	copy(high, c.high)
	for i := range min(len(high), len(unmet.high)) {
		high[i] &^= unmet.high[i]
	}
	for i := range len(met.high) {
		high[i] |= met.high[i]
	}
	for len(high) > 0 && high[len(high)-1] == 0 {
		high = high[:len(high)-1]
	}
	c.high = string(high)
}
