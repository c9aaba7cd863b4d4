package load

// stream returns uniform draws in [0, 1). The same arguments give the same draws.
func stream(seed, a, b uint64) func() float64 {
	state := mix(mix(mix(seed)^a) ^ b)
	return func() float64 {
		state += 0x9e3779b97f4a7c15
		return float64(mix(state)>>11) / (1 << 53)
	}
}

// mix is the finalizer of SplitMix64 (Steele, Lea, Flood 2014): a bijection in
// which every input bit changes every output bit half of the time.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
