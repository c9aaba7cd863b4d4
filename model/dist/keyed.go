package dist

import (
	"math/bits"
	"math/rand/v2"
)

// Keyed returns the random stream named (seed, i, k). Equal names give equal
// streams; streams of different names are statistically independent. The result
// belongs to the caller and is not safe for concurrent use.
func Keyed(seed, i, k uint64) *rand.Rand {
	s := new(Source)
	s.Reset(seed, i, k)
	return rand.New(s)
}

// A Source is the generator behind [Keyed], for callers that reuse one. It
// implements [rand.Source]. The zero value is the stream (0, 0, 0).
//
// The stream is the Philox4x64-10 bijection applied to a counter:
//
//	counter  [ n, k, i, 0 ]      n = 0, 1, 2, …: the block of four words
//	key      [ seed, 0 ]
//
// so two streams share no counter under one key, and none ever repeats.
type Source struct {
	key   [2]uint64
	ctr   [4]uint64
	block [4]uint64
	used  int // words of block handed out; a block exists when ctr[0] > 0
}

// Reset makes s the beginning of the stream (seed, i, k).
func (s *Source) Reset(seed, i, k uint64) {
	*s = Source{key: [2]uint64{seed, 0}, ctr: [4]uint64{0, k, i, 0}}
}

// Uint64 returns the next word of the stream.
func (s *Source) Uint64() uint64 {
	if s.ctr[0] == 0 || s.used == len(s.block) {
		s.block = philox(s.ctr, s.key)
		s.ctr[0]++
		s.used = 0
	}
	v := s.block[s.used]
	s.used++
	return v
}

// Constants of Philox4x64: two multipliers, and two increments of the key, the
// golden ratio and √3 − 1 as fractions of 2⁶⁴.
const (
	philoxM0 = 0xD2E7470EE14C6C93
	philoxM1 = 0xCA5A826395121157
	philoxW0 = 0x9E3779B97F4A7C15
	philoxW1 = 0xBB67AE8584CAA73B

	philoxRounds = 10
)

// philox is the bijection Philox4x64-10: ten rounds of
//
//	(hi0, lo0) = M0 · c0      c0' = hi1 ^ c1 ^ k0      c1' = lo1
//	(hi1, lo1) = M1 · c2      c2' = hi0 ^ c3 ^ k1      c3' = lo0
//
// with (W0, W1) added to the key between rounds.
func philox(c [4]uint64, k [2]uint64) [4]uint64 {
	for range philoxRounds {
		hi0, lo0 := bits.Mul64(philoxM0, c[0])
		hi1, lo1 := bits.Mul64(philoxM1, c[2])
		c = [4]uint64{hi1 ^ c[1] ^ k[0], lo1, hi0 ^ c[3] ^ k[1], lo0}
		k[0] += philoxW0
		k[1] += philoxW1
	}
	return c
}
