package dist

import "math/bits"

// Shuffled returns the element at place i, from 0, of a random order of the
// numbers 0 … n−1. The order is named (seed, k): for each name it holds every
// number once. It takes no memory.
//
// It is a Feistel network over the smallest power of four that is not less than
// n. A result that is not below n goes through it again (cycle walking, Black and
// Rogaway 2002).
func Shuffled(seed, k, i, n uint64) uint64 {
	half := (bits.Len64(n-1) + 1) / 2
	mask := uint64(1)<<half - 1
	key := mix(seed ^ mix(k))
	for {
		left, right := i>>half, i&mask
		for round := range uint64(rounds) {
			left, right = right, left^mix(key+round<<32+right)&mask
		}
		if i = left<<half | right; i < n {
			return i
		}
	}
}

// rounds is the number of rounds of the network. A small network needs more of them
// than usual.
const rounds = 12

// mix is the finalizer of SplitMix64 (Steele, Lea and Flood 2014).
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
