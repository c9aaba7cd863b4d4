// Package dist draws from recorded distributions with reproducible randomness.
//
// A random stream is named by three numbers and by nothing else, so that step k
// of session i makes the same choice whichever process walks it and whatever
// was drawn before:
//
//	r := dist.Keyed(seed, session, step)
//
// A distribution is a list of quantiles at equal steps of probability from 0 to
// 1: [minimum, …, median, …, maximum]. [Quantiles] makes one from samples.
//
// The package keeps no state and does not fit parametric distributions.
//
// The generator is Philox4x64-10 of Salmon, Moraes, Dror and Shaw, "Parallel
// random numbers: as easy as 1, 2, 3" (SC 2011).
package dist
